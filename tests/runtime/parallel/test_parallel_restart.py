"""Parallel jobs go on where they stopped: what is finished is never done again, and no row is there twice."""

from __future__ import annotations

import contextlib
import random
import subprocess

import pytest

from smalt.runtime.parallel.journal import PLACE, Journal

COUNTS = """
import os, time

def run(mini_batch):
    [path] = mini_batch
    name = os.path.basename(path)
    with open("begun", "a") as begun:
        begun.write(name + "\\n")
    time.sleep(0.01)
    return [name]
"""


def begun(line):
    return (line.code / "begun").read_text().split()


def test_a_killed_driver_goes_on_where_it_stopped(line):
    names = line.files(60)
    line.script(COUNTS)
    process = line.start()
    line.wait_for(line.code / "begun")

    assert line.kill("drive")

    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert sorted(line.rows()) == names
    assert "ended by SIGKILL; it goes on where it stopped" in said
    # What a worker had in hand when its driver died is done again, nothing else.
    assert len(begun(line)) <= len(names) + 2


def test_drivers_and_workers_killed_at_random_lose_and_repeat_no_row(line):
    names = line.files(300)
    line.script(COUNTS)
    dice = random.Random(7)
    process = line.start(max_retries=50)
    kills = 0

    done = 0
    while process.poll() is None:
        line.wait_for(line.code / "begun")
        is_further = len(begun(line)) > done
        if is_further:  # A driver that is killed before it does anything is given up, as another test shows.
            done = len(begun(line))
            kills += line.kill(dice.choice(["drive", "work", "work"]))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(dice.uniform(0.05, 0.3))

    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert sorted(line.rows()) == names
    assert kills > 3
    assert not (line.artifacts / PLACE).exists()


def test_a_driver_that_dies_again_and_again_fails_the_job(line):
    line.files(2)
    line.script(
        "import os, signal\n\ndef init():\n    os.kill(os.getppid(), signal.SIGKILL)\n\ndef run(m):\n    return m\n"
    )

    code, said = line.run()

    assert code == 128 + 9
    assert "5 times without finishing a mini-batch" in said


def test_a_job_may_take_over_what_another_one_finished(line):
    names = line.files(10)
    line.script(
        "import os\n\ndef run(m):\n    assert os.path.basename(m[0]) < '0005'\n    return [os.path.basename(m[0])]\n"
    )
    first, _ = line.run(max_retries=0, concurrency=1, mini_batch_error_threshold=2)
    line.resumed, line.artifacts = str(line.artifacts), line.artifacts.with_name("second")
    line.artifacts.mkdir()
    line.script(COUNTS)

    second, said = line.run()

    assert (first, second) == (1, 0), said
    assert "5 mini-batches were finished by the job that this one resumes" in said
    assert sorted(line.rows()) == names
    assert sorted(begun(line)) == names[5:]


def test_a_file_that_changed_since_is_scored_again(line):
    line.files(3)
    line.script("import os\n\ndef run(m):\n    assert '0002' not in m[0]\n    return [open(m[0]).read()]\n")
    line.run(max_retries=0, mini_batch_error_threshold=0, concurrency=1)
    line.resumed, line.artifacts = str(line.artifacts), line.artifacts.with_name("second")
    line.artifacts.mkdir()
    (line.input / "0000.txt").write_text("changed")
    line.script("def run(m):\n    return [open(m[0]).read()]\n")

    line.run()

    assert sorted(line.rows()) == ["0001.txt", "0002.txt", "changed"]


@pytest.mark.parametrize("cut", [1, 5, 40, 90])
def test_a_torn_record_is_dropped_and_the_whole_ones_stay(tmp_path, cut):
    path = tmp_path / "journal"
    journal = Journal(str(path))
    journal.accept({"key": "a"}, b"first\n")
    journal.accept({"key": "b"}, b"second\n" * 20)
    journal.close()
    path.write_bytes(path.read_bytes()[:-cut])

    again = Journal(str(path))
    again.accept({"key": "c"}, b"third\n")
    again.assemble(str(tmp_path / "rows"))

    assert list(again.records) == ["a", "c"]
    assert (tmp_path / "rows").read_text() == "first\nthird\n"


def test_a_result_is_accepted_once(tmp_path):
    journal = Journal(str(tmp_path / "journal"))

    assert journal.accept({"key": "a"}, b"first\n")
    assert not journal.accept({"key": "a"}, b"another\n")
    journal.assemble(str(tmp_path / "rows"))

    assert (tmp_path / "rows").read_text() == "first\n"
