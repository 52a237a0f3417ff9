"""A job's process on one machine of a cluster: `python -I -S node.py FOLDER HEARD TOLD`.

It prepares the machine, runs the ordinary supervisor, keeps the server's copy of logs and artifacts, and tells every
change of the supervisor's record. It ends, with everything below it, when the other end of HEARD is closed.
"""

from __future__ import annotations

import fcntl
import fnmatch
import json
import os
import select
import shutil
import signal
import ssl
import subprocess
import sys
import time

# Isolated mode leaves the package's home off the path; behind the standard library is where it belongs.
sys.path.append(os.path.abspath(__file__).rsplit(os.sep, 4)[0])

from smalt.runtime import blob, processes
from smalt.runtime.failure import Failure, Stopped
from smalt.runtime.remote.mirror import Mirror
from smalt.runtime.remote.software import Software

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_TOLD = ("phase", "reason", "exit_code", "error", "started_at", "ended_at", "outputs")
_JOB = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "job.py")
_ENGINE = os.path.join(os.path.abspath(__file__).rsplit(os.sep, 4)[0], "engine")
_LOOK_SECONDS = 0.1
_KILL_ATTEMPTS = 100


class Gone(Exception):
    """Whoever held this process is gone, or the server no longer wants the job."""


class Node:
    """One machine's part of a job.

    Args:
        folder: The job's folder here.
        heard: Where a stop is heard.
        told: Where states are told.
    """

    def __init__(self, folder: str, heard: int, told: int) -> None:
        with open(os.path.join(folder, "remote.json"), encoding="utf-8") as stream:
            self._plan = json.load(stream)
        os.unlink(os.path.join(folder, "remote.json"))
        self._remote = self._plan.pop("remote")
        if self._remote["engine"] is not None:
            variables = self._plan["variables"]
            self._plan["variables"] = {
                name: text.replace(self._remote["engine"], _ENGINE) for name, text in variables.items()
            }
        self._folder, self._heard, self._told = folder, heard, told
        self._artifacts = os.path.join(folder, "artifacts")
        self._stop: dict[str, Any] | None = None
        self._last = ""
        self._machine = self._machine_variables()
        if self._remote["authority"] is not None:
            self._trust(self._remote["authority"])
        store = self._store(self._remote["artifacts_url"], "The artifacts of the job")
        collected = self._remote["collected_url"]
        self._mirror = Mirror(
            self._artifacts, store, collected and self._store(collected, "What the deployment collects")
        )
        self._build_log = os.path.join(self._artifacts, "azureml-logs", f"25_environment{self._suffix()}.txt")

    def run(self) -> None:
        """From the environment to the last artifact."""
        self._tell({"phase": "PREPARING"})
        try:
            self._prepare()
            fields = self._supervise()
        except Stopped:
            fields = {"reason": "CANCELED", "error": "The job was canceled."}
        except Failure as failure:
            fields = {"reason": "FAILED", "error": str(failure)}
        except OSError as failure:
            fields = {"reason": "FAILED", "error": f"The job could not be run on this node: {failure}."}
        failures = self._mirror.finish()
        if self._mirror.is_refused:
            raise Gone
        if failures:
            fields["error"] = "\n".join(filter(None, [fields.get("error"), *failures]))
            fields["reason"] = "FAILED" if fields["reason"] == "COMPLETED" else fields["reason"]
        self._tell({**fields, "phase": "ENDED"})

    def end_everything(self) -> None:
        """Kill whatever the job left on this machine."""
        for _ in range(_KILL_ATTEMPTS):
            processes.signal_descendants(signal.SIGKILL)
            if not processes.reap()[1]:
                return
            time.sleep(_LOOK_SECONDS / 5)

    def _prepare(self) -> None:
        software = Software(self._remote["root"], self._remote["environment"], run=self._run_logged, say=self._say)
        prefix = software.prefix()
        layer = software.layer(prefix, os.path.join(self._folder, "layer"))
        self._plan.update(
            artifacts=self._artifacts,
            path=[os.path.join(each, "bin") for each in (layer, prefix)],
            environment_prefix=prefix,
            virtual_env=layer,
        )

    def _store(self, url: str, what: str) -> blob.Folder:
        return blob.Folder(url, token=self._plan["token"], server=self._plan["server"], what=what)

    def _trust(self, authority: str) -> None:
        """Let the job, and this process, believe the server's own certificate authority beside the public ones."""
        blob.trust(authority)
        known = ssl.get_default_verify_paths().cafile
        bundle = os.path.join(self._folder, "bundle.pem")
        with open(bundle, "w", encoding="utf-8") as stream:
            stream.write(authority + "\n")
            if known is not None and os.path.exists(known):
                with open(known, encoding="utf-8", errors="replace") as public:
                    shutil.copyfileobj(public, stream)
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            self._machine[name] = bundle

    def _supervise(self) -> dict[str, Any]:
        """Run the supervisor to its end; its last record."""
        handle = os.open(os.path.join(self._folder, "plan.json"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as stream:
            json.dump(self._plan, stream)
        lock = os.open(os.path.join(self._folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(os.path.join(self._folder, "supervisor.log"), "ab") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", _JOB, self._folder, str(lock)],
                env=self._machine,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,
                preexec_fn=processes.die_with_parent,
            )
        os.close(lock)
        was_told = False
        while supervisor.poll() is None:
            self._hear()
            if self._stop is not None and not was_told:
                self._pass_on(self._stop, supervisor)
                was_told = True
            record = self._record()
            self._tell({**record, "phase": "FINALIZING"} if record.get("phase") == "ENDED" else record)
        record = self._record()
        if record.get("phase") == "ENDED":
            return record
        self.end_everything()
        return {**record, "reason": "LOST", "error": "The job was lost: its supervisor on the node was killed."}

    def _pass_on(self, stop: dict[str, Any], supervisor: subprocess.Popen[bytes]) -> None:
        with open(os.path.join(self._folder, "stop.json.new"), "w", encoding="utf-8") as stream:
            json.dump(stop, stream)
        os.rename(os.path.join(self._folder, "stop.json.new"), os.path.join(self._folder, "stop.json"))
        supervisor.send_signal(signal.SIGTERM)

    def _record(self) -> dict[str, Any]:
        try:
            with open(os.path.join(self._folder, "state.json"), encoding="utf-8") as stream:
                record = json.load(stream)
        except FileNotFoundError:
            return {"phase": "PREPARING"}
        return {name: record[name] for name in _TOLD if name in record}

    def _tell(self, fields: dict[str, Any]) -> None:
        line = json.dumps(fields)
        if line == self._last:
            return
        self._last = line
        try:
            os.write(self._told, line.encode() + b"\n")
        except BrokenPipeError:
            raise Gone from None

    def _hear(self) -> None:
        """Wait for a moment, or for a word.

        Raises:
            Gone: There is nobody left to say one, or nobody who wants the job.
        """
        if self._mirror.is_refused:
            raise Gone
        if not select.select([self._heard], [], [], _LOOK_SECONDS)[0]:
            return
        word = os.read(self._heard, 4096)
        if not word:
            raise Gone
        self._stop = json.loads(word.splitlines()[-1])

    def _run_logged(self, argv: Sequence[str]) -> int:
        with open(self._build_log, "ab") as log:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=processes.die_with_parent
            )
            while child.poll() is None:
                self._hear()
                if self._stop is not None:
                    child.kill()
                    child.wait()
                    raise Stopped
        return child.returncode

    def _say(self, text: str) -> None:
        os.makedirs(os.path.dirname(self._build_log), exist_ok=True)
        with open(self._build_log, "a", encoding="utf-8") as log:
            log.write(text + "\n")

    def _suffix(self) -> str:
        placement = self._plan["placement"]
        return "" if placement is None else f"_node_{placement['node']}"

    def _machine_variables(self) -> dict[str, str]:
        wanted = self._remote["inherit"]
        return {
            name: value for name, value in os.environ.items() if any(fnmatch.fnmatchcase(name, each) for each in wanted)
        }


def main(folder: str, heard: int, told: int) -> None:
    """Run a node's part, and leave nothing behind."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    # What outlives its supervisor becomes ours, and ends with us.
    processes.adopt_orphans()
    node = Node(folder, heard, told)
    try:
        node.run()
    except Gone:
        node.end_everything()
    except BaseException:
        node.end_everything()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    # No waiting for a thread that still hangs on a slow server.
    os._exit(0)
