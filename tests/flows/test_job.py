"""A flow job where it runs, against a server that writes down what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from smalt.flows import gallery, job


class Server:
    """Takes everything that is posted; has no connections."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []
        self.paths: list[str] = []
        told, paths = self.bodies, self.paths

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # as the base class calls it
                told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                paths.append(self.path)
                self.send_response(404 if "/connections/" in self.path else 200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def metrics(self) -> list[dict[str, float]]:
        """What each call has told."""
        return [{each["key"]: each["value"] for each in body["metrics"]} for body in self.bodies if "metrics" in body]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.stop()


@pytest.fixture
def chat(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a flow, as a job finds it; the folder with what it writes."""
    gallery.make("chat", tmp_path / "chat")
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps({"question": word}) + "\n" for word in "abc"))
    monkeypatch.chdir(tmp_path / "chat")
    monkeypatch.setenv("SMALT_FLOW_INPUT_data", str(tmp_path / "lines.jsonl"))
    monkeypatch.setenv("SMALT_FLOW_OUTPUTS", str(tmp_path / "out"))
    for name in ("MLFLOW_TRACKING_URI", "AZUREML_SERVICE_ENDPOINT"):
        monkeypatch.setenv(name, server.url)
    for name in ("MLFLOW_RUN_ID", "AZUREML_RUN_TOKEN", "AZUREML_WORKSPACE_SCOPE"):
        monkeypatch.setenv(name, "/x")
    return tmp_path / "out"


def settings(**given: object) -> str:
    plain = {"entry_file": None, "column_mapping": {}, "variant": None, "connections": {}, "init": {}, "node": None}
    return json.dumps({**plain, "rows": ["data"], "concurrency": 1, **given})


def test_how_far_a_run_is_and_how_it_ended_stands_on_the_jobs_run(chat, server, monkeypatch):
    monkeypatch.setenv("SMALT_FLOW", settings())
    monkeypatch.setattr(job, "_PROGRESS_SECONDS", 0.0)

    assert job.main() == 0

    first, *_, last = server.metrics()
    assert sorted(first) == ["__pf__.lines.completed", "__pf__.lines.failed"]
    assert (last["__pf__.lines.completed"], last["__pf__.lines.failed"]) == (3, 0)
    assert json.loads((chat / "meta.json").read_text())["lines"] == 3


def test_only_connections_that_the_job_was_given_are_asked_for(chat, server, monkeypatch):
    monkeypatch.setenv("SMALT_FLOW", settings())
    monkeypatch.setenv("SMALT_GIVEN_CONNECTIONS", "another")

    assert job.main() == 0

    assert not [path for path in server.paths if "/connections/" in path]


def test_a_connection_that_the_job_was_not_given_fails_it_and_is_named(chat, server, monkeypatch, capsys):
    monkeypatch.setenv("SMALT_FLOW", settings(connections={"answer": {"connection": "my_llm"}}))
    monkeypatch.setenv("SMALT_GIVEN_CONNECTIONS", "")

    assert job.main() == 1

    assert "This job was given no connection 'my_llm'" in capsys.readouterr().err


def test_one_node_runs_alone_with_what_it_refers_to(chat, tmp_path, monkeypatch):
    row = {"inputs.question": "only this", "inputs.chat_history": []}
    (tmp_path / "lines.jsonl").write_text(json.dumps(row) + "\n")
    monkeypatch.setenv("SMALT_FLOW", settings(node="answer"))

    assert job.main() == 0

    (line,) = (chat / "outputs.jsonl").read_text().splitlines()
    assert json.loads(line) == {"line_number": 0, "output": "only this"}


def test_further_inputs_are_rows_and_values(chat, tmp_path, monkeypatch):
    before = tmp_path / "before"
    (before / "flow_artifacts").mkdir(parents=True)
    (before / "flow_outputs").mkdir()
    (before / "flow_outputs" / "output.jsonl").write_text('{"line_number": 1, "asked": "of a run"}\n')
    monkeypatch.setenv("SMALT_FLOW_INPUT_before", str(before))
    monkeypatch.setenv("SMALT_FLOW_INPUT_turns", "[]")
    mapping = {"question": "${before.outputs.asked}", "chat_history": "${inputs.turns}"}
    monkeypatch.setenv("SMALT_FLOW", settings(column_mapping=mapping, rows=["data", "before"]))

    assert job.main() == 0

    (line,) = (chat / "outputs.jsonl").read_text().splitlines()
    assert json.loads(line) == {"line_number": 1, "answer": "of a run"}


def test_without_rows_there_is_one_line_of_what_is_written(chat, monkeypatch):
    monkeypatch.setenv("SMALT_FLOW", settings(column_mapping={"question": "once"}, rows=[]))

    assert job.main() == 0

    (line,) = (chat / "outputs.jsonl").read_text().splitlines()
    assert json.loads(line) == {"line_number": 0, "answer": "once"}


@pytest.mark.parametrize(("node", "row"), [("none", {"a": 1}), ("answer", {"inputs.nothing": 1})])
def test_a_node_that_is_not_there_or_lacks_an_input_fails_the_job(chat, tmp_path, monkeypatch, capsys, node, row):
    (tmp_path / "lines.jsonl").write_text(json.dumps(row) + "\n")
    monkeypatch.setenv("SMALT_FLOW", settings(node=node))

    assert job.main() == 1

    told = capsys.readouterr()
    assert "failed" in told.err + told.out
