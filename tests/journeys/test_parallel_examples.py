"""The examples of parallel jobs, submitted as their page says, against a server of their own."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def smalt(home: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "smalt.cli.main", *arguments]
    environment = {**os.environ, "SMALT_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parallel") / "home"
    smalt(folder, "up", "--detach", "--port", free_port(), "--tls-port", free_port())
    yield folder
    smalt(folder, "down")


def rows_of(home, file, folder):
    """The rows that a job of a file leaves."""
    name = smalt(home, "job", "create", "--file", file, "--query", "name", "-o", "tsv").strip()
    said = smalt(home, "job", "stream", "--name", name)
    assert "The parallel job is completed." in said
    smalt(home, "job", "download", "--name", name, "--output-name", "rows", "--download-path", str(folder))
    [rows] = [path for path in folder.rglob("rows*") if path.is_file()]
    return sorted(csv.reader(rows.open()))


@pytest.mark.slow
def test_every_page_is_a_row(home, tmp_path):
    rows = rows_of(home, "examples/parallel/pages.yml", tmp_path)

    pages = sorted(path.name for path in (ROOT / "docs").rglob("*") if path.is_file())
    assert [name for name, _, _ in rows] == pages
    assert all(int(words) > 10 for _, words, _ in rows)


@pytest.mark.slow
def test_every_species_is_a_row(home, tmp_path):
    rows = rows_of(home, "examples/parallel/species.yml", tmp_path)

    assert rows == [
        ["setosa", "50", "5.006", "3.428", "1.462", "0.246"],
        ["versicolor", "50", "5.936", "2.77", "4.26", "1.326"],
        ["virginica", "50", "6.588", "2.974", "5.552", "2.026"],
    ]


@pytest.mark.slow
def test_a_parallel_step_takes_a_table_a_kilobyte_at_a_time(home, tmp_path):
    smalt(home, "job", "create", "--file", "examples/parallel/pipeline.yml", "--name", "line", "--stream")
    smalt(home, "job", "download", "--name", "line", "--all", "--download-path", str(tmp_path))

    said = (tmp_path / "steps/count/artifacts/user_logs/std_log.txt").read_text()
    totals = (tmp_path / "named-outputs/totals/totals").read_text()
    assert "4 mini-batches for up to 2 worker processes." in said
    assert totals.split() == ["50", "setosa", "50", "versicolor", "50", "virginica"]
