"""The examples of schedules, run as a person runs them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "schedules"


class Server:
    """`smalt up` in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "smalt.cli.main", *words],
            capture_output=True,
            text=True,
            env={**os.environ, "SMALT_HOME": str(self.home)},
            cwd=EXAMPLES,
        )
        assert (done.returncode != 0) is fails, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stderr if fails else done.stdout

    def show(self, *words: str):
        return json.loads(self.run(*words))

    def said(self, job: str) -> str:
        """What a job printed, once it has completed."""
        return self.run("job", "stream", "-n", job)

    def fired(self, schedule: str) -> str:
        """The job of a schedule that was fired by an event."""
        for _ in range(300):
            found = self.show("schedule", "jobs", schedule)
            if found:
                assert found[0]["outcome"] == "submitted", found
                return found[0]["job_name"]
            time.sleep(0.1)  # the only news there is of another process's loop
        raise AssertionError(f"{schedule} has not fired.")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        plain, secure = one.getsockname()[1], two.getsockname()[1]
    started = Server(tmp_path_factory.mktemp("schedules") / "home")
    started.run("up", "--detach", "--home", str(started.home), "--port", str(plain), "--tls-port", str(secure))
    yield started
    started.run("down", "--home", str(started.home))


@pytest.mark.slow
def test_a_schedule_is_created_changed_triggered_disabled_and_deleted(server):
    made = server.show("schedule", "create", "-f", "nightly.yml")
    assert made["is_enabled"]
    assert made["next_run_time"][10:16] in {"T00:30", "T01:30"}  # half past two in Berlin
    changed = server.show("schedule", "update", "-n", "nightly_report", "--set", "trigger.schedule.hours=[5]")
    assert changed["next_run_time"][10:16] in {"T03:30", "T04:30"}

    heading, _, row = server.run("schedule", "list", "-o", "table").splitlines()
    assert heading.split()[:3] == ["Name", "Is_enabled", "Next_run_time"]
    assert row.split()[:3] == ["nightly_report", "True", changed["next_run_time"]]

    job = server.show("schedule", "trigger", "-n", "nightly_report")["job_name"]
    assert ": hello" in server.said(job)
    assert server.show("job", "show", "-n", job)["display_name"].startswith("nightly_report-")
    assert server.show("schedule", "jobs", "nightly_report")[0]["job_status"] == "Completed"

    assert "Disable it" in server.run("schedule", "delete", "-n", "nightly_report", fails=True)
    assert server.show("schedule", "disable", "-n", "nightly_report")["is_enabled"] is False
    assert server.show("schedule", "list") == []
    assert len(server.show("schedule", "list", "--include-disabled")) == 1
    server.run("schedule", "delete", "-n", "nightly_report")
    assert server.show("schedule", "list", "--include-disabled") == []


@pytest.mark.slow
def test_a_schedule_writes_fields_of_a_file_anew(server):
    server.run("schedule", "create", "-f", "weekdays.yml")

    job = server.show("schedule", "trigger", "-n", "weekday_report")["job_name"]

    assert ": good morning" in server.said(job)


@pytest.mark.slow
def test_a_new_version_of_a_data_asset_runs_a_job_with_it(server, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("a\nb\nc\n")
    register = ("data", "create", "-n", "measurements", "--type", "uri_file", "--path", str(table))
    server.run("schedule", "create", "-f", "on-new-data.yml")

    server.run(*register, "--version", "1")
    server.run(*register, "--version", "2", "--set", "tags.checked=yes")
    job = server.fired("retrain_on_new_data")

    assert "3 " in server.said(job)
    assert "/measurements/versions/2" in server.show("job", "show", "-n", job)["inputs"]["measurements"]["path"]
    assert len(server.show("schedule", "jobs", "retrain_on_new_data")) == 1


@pytest.mark.slow
def test_a_job_that_fails_runs_another_one(server, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("command: exit 3\nexperiment_name: production\nenvironment: {image: 'python:3.11'}\n")
    server.run("schedule", "create", "-f", "on-failure.yml")

    failed = server.show("job", "create", "-f", str(broken))["name"]

    assert f"the job {failed} ended as Failed" in server.said(server.fired("tell_of_failures"))
