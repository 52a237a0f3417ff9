"""Writes of who must not wait: they give way to all others, and never wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from smalt.server.database import Database


@pytest.fixture
def here(tmp_path: Path) -> Database:
    found = Database.at(tmp_path / "smalt.db")
    with found.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    return found


def add_at_once(database: Database, number: int = 1) -> bool:
    with database.write_at_once() as connection:
        if connection is not None:
            connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
    return connection is not None


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(text("SELECT COUNT(*) FROM numbers")).scalar_one()


def test_a_write_at_once_is_committed_and_one_that_fails_leaves_nothing(here):
    assert add_at_once(here)

    with pytest.raises(OperationalError), here.write_at_once() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (2), (three)"))

    assert count(here) == 1
    assert add_at_once(here)


def test_it_gives_way_while_somebody_writes(here):
    with here.write():
        assert not add_at_once(here)

    assert add_at_once(here)


def test_it_gives_way_to_another_process_and_who_may_wait_waits(here, tmp_path):
    other = sqlite3.connect(tmp_path / "smalt.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    assert not add_at_once(here)
    threading.Timer(0.05, lambda: other.execute("COMMIT")).start()
    with here.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (3)"))

    assert count(here) == 1


def test_after_many_in_a_row_one_that_may_wait_has_its_turn_and_may_wait_for_the_disk(here):
    done = 0
    while add_at_once(here):
        done += 1
    with here.write() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (0)"))

    assert done == 250
    assert add_at_once(here)
    assert count(here) == done + 2


def test_on_postgresql_every_write_may_wait(postgres_url):
    assert not add_at_once(Database(postgres_url))
