"""Named documents, where two writers meet."""

from __future__ import annotations

from smalt.server.connections.tables import connections
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.records import Records
from smalt.server.work import SYSTEM, Works


def test_what_was_written_last_is_kept_where_another_writer_was_first(database: Database, monkeypatch):
    records, works = Records(connections), Works(database, Events())
    with works.write(SYSTEM) as work:
        records.put(work, "workspace", "c", {"writer": "first"})
    looked = records._look
    answers = iter([None])  # as seen by a transaction that began before the first one was committed
    monkeypatch.setattr(records, "_look", lambda *given: next(answers, looked(*given)))

    with works.write(SYSTEM) as work:
        stored, is_new = records.put(work, "workspace", "c", {"writer": "second"})

    assert (stored.document, stored.revision, is_new) == ({"writer": "second"}, 2, False)
