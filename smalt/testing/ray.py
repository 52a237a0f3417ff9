"""A stand-in for the HTTP API of a Ray cluster's dashboard: packages, submitted jobs, nodes, on this machine.

Entrypoints are real processes in a folder of their own with their package unpacked, signalled and ended as Ray does.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_JOB = re.compile(r"/api/jobs/([^/]+)(/stop)?")
_PACKAGE = re.compile(r"/api/packages/gcs/([^/]+)")


class FakeRay:
    """A cluster of one machine.

    Args:
        folder: Where its jobs run.
        token: What callers must show.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self.folder = folder
        self.token = token
        self.submitted: list[dict[str, Any]] = []  # Any: JSON
        self._packages: dict[str, bytes] = {}
        self._jobs: dict[str, _Job] = {}
        self._guard = threading.Lock()
        handler = type("Handler", (_Handler,), {"cluster": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Of its dashboard."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End everything."""
        for job in self._jobs.values():
            job.kill()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def lose(self, name: str) -> None:
        """Let the node of a job die, with everything that runs on it."""
        job = self._jobs[name]
        job.kill()
        why = "Job supervisor actor died: The actor died because its node has died."
        job.end("FAILED", why, "JOB_SUPERVISOR_ACTOR_DIED")

    def forget(self) -> None:
        """Restart the head: nothing is known any more."""
        for job in self._jobs.values():
            job.kill()
        self._jobs.clear()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        """The status and the JSON or text of an answer."""
        package, job = _PACKAGE.fullmatch(path), _JOB.fullmatch(path)
        if package is not None:
            return self._package(method, package[1], body)
        if (method, path) == ("POST", "/api/jobs/"):
            return self._submit(json.loads(body))
        if (method, path) == ("GET", "/api/v0/nodes"):
            node = {"node_id": "f0", "node_ip": "127.0.0.1", "is_head_node": True, "state": "ALIVE"}
            found = [{**node, "resources_total": {"CPU": 2.0, "node:127.0.0.1": 1.0}}]
            return 200, {"result": True, "data": {"result": {"result": found}}}
        if job is None:
            return 404, "404: Not Found"
        found_job = self._jobs.get(unquote(job[1]))
        if found_job is None:
            return 404, f"Job {job[1]} does not exist"
        if job[2]:
            threading.Thread(target=found_job.stop, daemon=True).start()
            return 200, {"stopped": True}
        return 200, found_job.described()

    def _package(self, method: str, name: str, body: bytes) -> tuple[int, object]:
        if method == "PUT":
            self._packages[f"gcs://{name}"] = body
            return 200, ""
        if f"gcs://{name}" in self._packages:
            return 200, ""
        return 404, f"Package gcs://{name} does not exist"

    def _submit(self, request: dict[str, Any]) -> tuple[int, object]:  # Any: JSON
        name = request["submission_id"]
        with self._guard:
            if name in self._jobs:
                return 500, f"Traceback ..\nValueError: Job with submission_id {name} already exists. "
            self.submitted.append(request)
            place = self.folder / f"{len(self.submitted)}"
            with zipfile.ZipFile(io.BytesIO(self._packages[request["runtime_env"]["working_dir"]])) as package:
                package.extractall(place)
            self._jobs[name] = _Job(request, place)
        return 200, {"submission_id": name, "job_id": name}


class _Job:
    """A submitted job, its process, and the thread that waits for its end."""

    def __init__(self, request: dict[str, Any], place: Path) -> None:  # Any: JSON
        self._request = request
        self._status, self._message = "RUNNING", "Job is currently running."
        self._kind: str | None = None
        self._is_stopped = False
        with (place / "job-driver.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", request["entrypoint"]],
                cwd=place,
                env={**os.environ, **request["runtime_env"]["env_vars"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._wait, daemon=True).start()

    def described(self) -> dict[str, Any]:  # Any: JSON
        """As the API shows it."""
        return {
            "type": "SUBMISSION",
            "submission_id": self._request["submission_id"],
            "status": self._status,
            "message": self._message,
            "error_type": self._kind,
        }

    def stop(self) -> None:
        """Signal the whole tree, and kill it when it takes too long."""
        self._is_stopped = True
        for pid in tree(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            self._process.wait(int(self._request["runtime_env"]["env_vars"]["RAY_JOB_STOP_WAIT_TIME_S"]))
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As when the node dies."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self, status: str, message: str, kind: str | None = None) -> None:
        """Write the last word, which stays."""
        if self._status == "RUNNING":
            self._status, self._message, self._kind = status, message, kind

    def _wait(self) -> None:
        code = self._process.wait()
        if self._is_stopped:
            self.end("STOPPED", "Job was intentionally stopped.")
        elif code == 0:
            self.end("SUCCEEDED", "Job finished successfully.")
        elif code > 0:
            self.end("FAILED", f"Job entrypoint command failed with exit code {code}", "JOB_ENTRYPOINT_COMMAND_ERROR")


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeRay

    def log_message(self, *_: object) -> None:
        return

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers["Authorization"] != f"Bearer {self.cluster.token}":
            status, content = 403, "Invalid auth token"
        else:
            status, content = self.cluster.answer(self.command, urlsplit(self.path).path, body)  # type: ignore[assignment]  # text or JSON
        sent = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_PUT = do_POST = _answer  # noqa: N815  (the names http.server looks for)


def tree(pid: int) -> list[int]:
    """A process and all below it, as far as they are there when they are looked at."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # It ended before it was opened, or before it was read.
        return [pid]
    return [pid, *(found for child in below for found in tree(int(child)))]
