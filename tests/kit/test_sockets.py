"""Ports that several processes listen on."""

from __future__ import annotations

import socket

from smalt.kit.sockets import shared_port


def listening(port: int) -> socket.socket:
    """As a process listens that shares a port."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind(("127.0.0.1", port))
    found.listen()
    return found


def test_a_port_is_held_until_others_share_it():
    with shared_port() as port:
        first, second = listening(port), listening(port)

    with first, second, socket.create_connection(("127.0.0.1", port)):
        assert first.getsockname() == second.getsockname()


def test_a_port_is_taken_again_only_where_it_is_free():
    with shared_port() as port:
        taken = listening(port)

    with taken, shared_port(port) as another:
        assert another != port
    with shared_port(port) as again:
        assert again == port
