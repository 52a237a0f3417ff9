"""HTTP in and out: the route table, the dispatcher, what a handler is given and what it gives back."""

from smalt.server.http.answer import Answer, Rendered, accepted, created, empty, ok
from smalt.server.http.call import Call
from smalt.server.http.dispatch import Dispatcher, Gate, Recorder
from smalt.server.http.event_stream import event_stream, told
from smalt.server.http.paging import Instant, Page
from smalt.server.http.patching import merged
from smalt.server.http.route import ANYONE, SIGNED_IN, WORKSPACE, Route, Routes, Wire

__all__ = [
    "ANYONE",
    "SIGNED_IN",
    "WORKSPACE",
    "Answer",
    "Call",
    "Dispatcher",
    "Gate",
    "Instant",
    "Page",
    "Recorder",
    "Rendered",
    "Route",
    "Routes",
    "Wire",
    "accepted",
    "created",
    "empty",
    "event_stream",
    "merged",
    "ok",
    "told",
]
