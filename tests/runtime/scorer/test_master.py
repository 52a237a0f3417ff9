"""The life of an instance: starting, dying, draining."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

from tests.runtime.scorer.instance import Instance

ECHO = "def init(): pass\ndef run(data): return data\n"


def test_workers_are_written_down_when_they_answer(tmp_path):
    with Instance(tmp_path, workers=2, listen="tcp:127.0.0.1").script(ECHO) as instance:
        ready = instance.ready

        assert ready["pid"] == instance.pid
        assert [each["concurrency"] for each in ready["workers"]] == [1, 1]
        assert all(each["address"].startswith("tcp:127.0.0.1:") for each in ready["workers"])
        assert ready["model"]["loader"] == "script"
        assert ready["swagger"]["openapi"].startswith("3.")
        assert [instance.ask(b"x", worker=each).json for each in (0, 1)] == ["x", "x"]


def test_sockets_below_a_very_long_path(tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with Instance(folder).script(ECHO) as instance:
        assert len(instance.ready["workers"][0]["address"]) > 150


def test_a_killed_worker_is_back_at_its_address_and_the_other_never_stopped(tmp_path):
    with Instance(tmp_path, workers=2).script(ECHO) as instance:
        before = instance.ready["workers"]
        os.kill(before[0]["pid"], signal.SIGKILL)
        instance.wait_for("is ready.", 3)
        after = instance.ready["workers"]

        assert after[0]["address"] == before[0]["address"]
        assert after[0]["pid"] != before[0]["pid"]
        assert after[1] == before[1]
        assert [instance.ask(b"x", worker=each).json for each in (0, 1)] == ["x", "x"]


def test_a_script_that_cannot_start_is_explained(tmp_path):
    instance = Instance(tmp_path, workers=2).script("def init(): raise RuntimeError('no weights')\ndef run(d): pass\n")
    instance.launch()

    assert instance.wait() == 3
    failed = json.loads((instance.state / "failed.json").read_text())
    assert failed["code"] == "UserScriptFailed"
    assert "RuntimeError: no weights" in failed["error"]
    assert "score.py" in failed["traceback"]
    assert not (instance.state / "ready.json").exists()


def test_a_script_that_is_not_there_or_lacks_a_function_is_explained(tmp_path):
    for number, (text, hint) in enumerate([(None, "score.py"), ("def init(): pass\n", "run()")]):
        instance = Instance(tmp_path / str(number))
        if text is not None:
            instance.script(text)
        instance.launch()

        assert instance.wait() == 3
        failed = json.loads((instance.state / "failed.json").read_text())
        assert failed["code"] == "LoadFailed"
        assert hint in failed["error"]


def test_draining_finishes_what_is_in_flight(tmp_path):
    script = "import time\ndef init(): pass\ndef run(data):\n    print('begun')\n    time.sleep(0.7)\n    return data\n"
    instance = Instance(tmp_path).script(script).start()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(instance.ask, b"x")
        instance.wait_for("begun")
        code = instance.stop()

    assert asked.result().json == "x"
    assert code == 0
    assert instance.ready["workers"] == []


def test_workers_end_with_a_killed_master(tmp_path):
    instance = Instance(tmp_path, workers=2).script(ECHO).start()
    handles = [os.pidfd_open(each) for each in instance.pids()]
    os.kill(instance.pid, signal.SIGKILL)
    instance.wait()

    for handle in handles:
        signal_is_refused = _is_gone(handle)
        assert signal_is_refused
        os.close(handle)


def _is_gone(handle: int) -> bool:
    import select

    return bool(select.select([handle], [], [], 30)[0])


def test_user_code_that_blocks_signals_is_ended_by_the_master(tmp_path):
    script = """
import signal, time
def init(): pass
def run(data):
    if data == "stuck":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        print("stuck now")
        time.sleep(100)
    return data
"""
    with Instance(tmp_path, request_timeout_ms=100).script(script) as instance, ThreadPoolExecutor(1) as pool:
        before = instance.pids()
        lost = pool.submit(instance.ask, b"stuck")
        instance.wait_for("is ended.")
        instance.wait_for("is ready.", 2)

        assert lost.exception() is not None
        assert instance.pids() != before
        assert instance.ask(b"x").json == "x"
