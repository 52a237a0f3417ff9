"""Writes that are promised: there for whoever looks next, made once, and kept whatever is killed."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from smalt.server.database import Database

INSERT = "INSERT INTO numbers VALUES (?)"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Database]:
    found = Database.at(tmp_path / "smalt.db")
    with found.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER CHECK (number < 1000))"))
    yield found
    found.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "smalt.db-promised"


def promise(database: Database, *numbers: int) -> bool:
    with database.promise() as statements:
        if statements is not None:
            statements.append((INSERT, [(number,) for number in numbers]))
    return statements is not None


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(text("SELECT number FROM numbers ORDER BY rowid")).scalars())


def test_who_reads_finds_what_was_promised_and_the_file_is_empty_again(here, file):
    assert promise(here, 1, 2)
    assert promise(here, 3)
    assert file.stat().st_size > 0

    assert numbers(here) == [1, 2, 3]
    assert file.stat().st_size == 0


def test_who_writes_does_so_after_what_was_promised(here):
    promise(here, 1)
    with here.write() as connection:
        connection.execute(text("UPDATE numbers SET number = 10 * number"))
    promise(here, 2)

    assert numbers(here) == [10, 2]


def test_what_is_raised_in_the_block_leaves_nothing(here):
    def fail() -> None:
        with here.promise() as statements:
            statements.append((INSERT, [(1,)]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert numbers(here) == []


def test_a_killed_process_keeps_its_promises(here, tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from smalt.server.database import Database\n"
        "database = Database.at(Path(sys.argv[1]))\n"
        "with database.write(): pass\n"
        "for number in range(3):\n"
        f"    with database.promise() as statements: statements.append(({INSERT!r}, [(number,)]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "smalt.db")], timeout=60)

    assert done.returncode == -signal.SIGKILL
    for _ in range(2):
        assert numbers(Database.at(tmp_path / "smalt.db")) == [0, 1, 2]


def test_what_was_made_just_before_the_kill_is_not_made_again(here, file, tmp_path):
    promise(here, 1)
    kept = shutil.copy(file, tmp_path / "kept")
    numbers(here)
    shutil.copy(kept, file)  # As if the server had been killed between the commit and the emptying of the file.

    assert numbers(Database.at(tmp_path / "smalt.db")) == [1]


def test_a_record_that_was_not_written_to_its_end_was_promised_to_nobody(here, file, tmp_path):
    promise(here, 1)
    whole = file.stat().st_size
    promise(here, 2)
    os.truncate(file, 2 * whole - 3)

    assert numbers(Database.at(tmp_path / "smalt.db")) == [1]


def test_on_a_full_disk_nothing_is_promised_and_later_promises_hold(here, file, tmp_path):
    promise(here, 1)
    with bounded_files(file.stat().st_size + 5), pytest.raises(OSError, match=r"part of a record|too large"):
        promise(here, 2)
    promise(here, 3)

    assert numbers(Database.at(tmp_path / "smalt.db")) == [1, 3]


@contextmanager
def bounded_files(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_the_database_refuses_is_left_out_and_the_others_are_made(here):
    promise(here, 1)
    promise(here, 2, 5000)
    promise(here, 3)

    assert numbers(here) == [1, 3]


def test_no_promise_while_somebody_writes_as_he_may_change_what_it_is_about(here):
    with here.write():
        assert not promise(here, 1)

    assert promise(here, 2)
    assert numbers(here) == [2]


def test_a_long_write_keeps_nobody_from_reading_what_was_promised_before_it(here):
    promise(here, 1)
    is_writing, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with here.write():
            is_writing.set()
            may_end.wait(60)

    writer = threading.Thread(target=write)
    writer.start()
    is_writing.wait(60)

    assert numbers(here) == [1]
    may_end.set()
    writer.join()


def test_what_a_write_has_found_is_known_until_the_next_one(here):
    with here.write():
        here.known["run"] = 7
    promise(here, 1)
    assert here.known == {"run": 7}

    with here.write():
        assert here.known == {}


def test_what_a_failed_write_has_found_is_not_known(here):
    def fail() -> None:
        with here.write():
            here.known["run"] = 7
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert here.known == {}


def test_after_many_they_have_to_be_made_first(here):
    kept = 0
    while promise(here, kept):
        kept += 1

    assert kept == 256
    assert numbers(here) == list(range(256))
    assert promise(here, 0)


def test_promises_to_a_database_that_was_removed_are_forgotten(here, tmp_path):
    promise(here, 1)
    (tmp_path / "smalt.db").unlink()

    with Database.at(tmp_path / "smalt.db").write() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    assert numbers(Database.at(tmp_path / "smalt.db")) == []


def test_on_postgresql_nothing_is_promised(postgres_url):
    assert not promise(Database(postgres_url), 1)
