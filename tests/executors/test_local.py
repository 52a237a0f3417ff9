"""The local executor with real processes: how jobs run, end, are ended, and are found again."""

from __future__ import annotations

import json
import os
import select
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from smalt.errors import InvalidRequest, NotFound
from smalt.executors import Mount, Phase, Reason
from smalt.executors.local import LocalExecutor
from smalt.executors.local.forkserver import ForkserverLost


def test_a_multi_line_command_runs_in_one_shell_and_ends_with_its_last_code(bench):
    state, log = bench.run("x='a  b'\nfalse\necho \"$x\" &\nwait; echo '{\"k\": 1}' && (exit 4)")

    assert log == 'a  b\n{"k": 1}\n'
    assert (state.reason, state.exit_code) == (Reason.FAILED, 4)


def test_the_error_carries_the_last_lines_of_the_log(bench):
    state, _ = bench.run("echo before; echo 'ValueError: no' >&2; exit 1")

    assert state.error == (
        "The command exited with code 1. Last lines of user_logs/std_log.txt:\nbefore\nValueError: no"
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("no-such-program", "program it names was not found"),
        ("kill -9 $$", "ended by SIGKILL (code 137), as happens when memory runs out"),
        ("kill -SEGV $$", "ended by SIGSEGV"),
    ],
)
def test_unusual_ends_are_explained(bench, command, words):
    state, _ = bench.run(command)

    assert state.reason is Reason.FAILED
    assert words in state.error


def test_the_header_comes_first_in_the_log(bench):
    _, log = bench.run("echo body", header=("No GPU here.", "Python 3.12 stands in for 3.11."))

    assert log == "smalt: No GPU here.\nsmalt: Python 3.12 stands in for 3.11.\nbody\n"


def test_the_servers_own_variables_do_not_leak(monkeypatch, bench):
    monkeypatch.setenv("SMALT_MASTER_KEY", "s3cret")
    executor = LocalExecutor(bench.root, bench.changes)

    handle = executor.start(executor.plan(bench.workload("env", environment_variables={"MINE": "1"})))
    bench.changes.end_of(executor, handle)
    log = executor.logs(handle).decode()
    executor.close()

    assert "MINE=1\n" in log
    assert "s3cret" not in log


def test_overlay_then_environment_then_machine_on_the_path(bench, tmp_path):
    overlay, environment = tmp_path / "overlay", tmp_path / "env"

    _, log = bench.run("echo $PATH; echo $VIRTUAL_ENV", overlay_prefix=overlay, environment=environment)

    path, virtual = log.splitlines()
    assert path.startswith(f"{overlay}/bin:{environment}/bin:")
    assert virtual == str(overlay)


def test_what_is_written_to_outputs_and_logs_is_an_artifact(bench, tmp_path):
    bench.run("echo 1 > outputs/a; mkdir logs/b; echo 2 > logs/b/c")

    artifacts = tmp_path / "artifacts" / "job"
    assert (artifacts / "outputs" / "a").read_text() == "1\n"
    assert (artifacts / "logs" / "b" / "c").read_text() == "2\n"


def test_a_time_limit_ends_the_job(bench, is_alive):
    state, log = bench.run("sleep 600 & echo $!; wait", timeout_seconds=0.5)

    assert state.reason is Reason.TIMED_OUT
    assert "limit of 0.5 seconds" in state.error
    assert not is_alive(int(log))


def test_canceling_ends_a_tree_that_ignores_sigterm_and_daemonised(bench, is_alive):
    stubborn = "trap '' TERM; (setsid bash -c \"trap '' TERM; echo $BASHPID; while :; do sleep 1; done\" &) ; "
    daemon = "python3 -c 'import os,time,signal\nsignal.signal(15, signal.SIG_IGN)\n"
    daemon += 'if os.fork(): os._exit(0)\nos.setsid()\nos.write(1, b"%d\\n" % os.getpid())\ntime.sleep(600)\'; '
    handle = bench.start(stubborn + daemon + "echo up; while :; do sleep 1; done")
    lines = bench.until_logged(handle, lambda lines: len(lines) == 3 and "up" in lines)
    pids = [int(line) for line in lines if line != "up"]

    bench.executor.stop(handle, grace_seconds=0.2)
    state = bench.end(handle)

    assert state.reason is Reason.CANCELED
    assert not any(is_alive(pid) for pid in pids)


def test_a_canceled_command_may_clean_up_within_its_grace(bench):
    handle = bench.start("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    bench.until_line(handle, "up")

    bench.executor.stop(handle, grace_seconds=30)

    assert bench.end(handle).reason is Reason.CANCELED
    assert bench.executor.logs(handle).endswith(b"bye\n")


def test_what_a_finished_command_left_running_is_ended(bench, is_alive):
    state, log = bench.run("setsid sleep 600 & echo $!")

    assert state.reason is Reason.COMPLETED
    assert not is_alive(int(log))


def test_a_killed_supervisor_takes_its_processes_with_it_and_the_job_is_lost(bench, is_alive):
    handle = bench.start("setsid sleep 600 & echo $!; echo up; sleep 600")
    bench.until_line(handle, "up")
    pid = int(bench.executor.logs(handle).decode().split()[0])
    supervisor = json.loads((bench.root / "job" / "state.json").read_text())["pid"]

    os.kill(supervisor, signal.SIGKILL)
    state = bench.end(handle)

    assert (state.phase, state.reason) == (Phase.LOST, Reason.LOST)
    assert "supervisor died" in state.error
    assert not is_alive(pid)
    assert not (bench.root / "job" / "plan.json").exists()


def test_a_job_outlives_the_server_that_started_it(bench, tmp_path):
    server = (
        "import sys, os, signal; from pathlib import Path\n"
        "from smalt.executors import Workload; from smalt.executors.local import LocalExecutor\n"
        "executor = LocalExecutor(Path(sys.argv[1]) / 'jobs')\n"
        "command = 'echo up; while [ ! -e ' + sys.argv[1] + '/go ]; do sleep 0.05; done; echo done'\n"
        "executor.start(executor.plan(Workload('job', command, Path(sys.argv[1]) / 'artifacts')))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", server, str(tmp_path)], check=False, timeout=60)

    handle = bench.executor.find("job")
    bench.until_line(handle, "up")
    (tmp_path / "go").touch()
    state = bench.end(handle)

    assert state.reason is Reason.COMPLETED
    assert bench.executor.logs(handle) == b"up\ndone\n"


def test_a_stop_before_the_supervisor_can_hear_it_still_counts(bench):
    handle = bench.start("echo never; sleep 600")

    bench.executor.stop(handle, grace_seconds=0)

    assert bench.end(handle).reason is Reason.CANCELED


def test_a_supervisor_ended_by_a_stranger_is_not_called_canceled(bench):
    handle = bench.start("echo up; sleep 600")
    bench.until_line(handle, "up")
    bench.changes.until(lambda: bench.executor.state(handle).phase is Phase.RUNNING)

    os.kill(json.loads((bench.root / "job" / "state.json").read_text())["pid"], signal.SIGTERM)

    assert bench.end(handle).reason is Reason.LOST


def test_a_log_that_cannot_be_written_fails_the_job(bench, tmp_path):
    logs = tmp_path / "artifacts" / "job"
    logs.mkdir(parents=True)
    (logs / "user_logs").write_text("in the way")

    state = bench.end(bench.start("echo hello"))

    assert state.reason is Reason.FAILED
    assert "std_log.txt cannot be opened" in state.error


def test_a_full_disk_is_said(bench, tmp_path):
    logs = tmp_path / "artifacts" / "job" / "user_logs"
    logs.mkdir(parents=True)
    (logs / "std_log.txt").symlink_to("/dev/full")

    state = bench.end(bench.start("echo hello", header=("note",)))

    assert state.reason is Reason.FAILED
    assert "No space left on device" in state.error


def test_a_huge_log_costs_no_memory_to_read_in_pieces(bench):
    handle = bench.start("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo end")
    bench.end(handle)

    assert bench.executor.logs(handle, offset=30_000_001) == b"end\n"
    assert len(bench.executor.logs(handle)) == 4 << 20


def test_a_log_link_is_not_followed(bench, tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    handle = bench.start(f"ln -s {tmp_path}/secret outputs/link; ln -s {tmp_path} outputs/folder")
    bench.end(handle)

    for name in ("outputs/link", "outputs/folder/secret", "user_logs"):
        with pytest.raises(NotFound):
            bench.executor.logs(handle, name)


def test_plan_and_state_are_private_and_the_token_is_gone_at_the_end(bench):
    handle = bench.start("echo up; sleep 600", token="s3cret-token")
    bench.until_line(handle, "up")
    modes = {stat.S_IMODE((bench.root / "job" / name).stat().st_mode) for name in ("plan.json", "state.json")}

    bench.executor.stop(handle, grace_seconds=0)
    bench.end(handle)
    bench.until_gone(handle)

    assert modes == {0o600}
    assert not any("s3cret" in path.read_text() for path in (bench.root / "job").iterdir())


def test_names_in_any_script_work(bench):
    state, log = bench.run("echo grüße 你好", name="größe-任务")

    assert state.reason is Reason.COMPLETED
    assert log == "grüße 你好\n"


@pytest.mark.parametrize("name", ["", "..", ".watch", "a/b", "a\\b", "a\0b", "a\nb", "\ud800", "x" * 300], ids=ascii)
def test_a_name_that_is_no_folders_name_is_refused(bench, name):
    with pytest.raises(InvalidRequest):
        bench.executor.plan(bench.workload("true", name=name))


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ""])
def test_a_mount_name_that_is_no_file_name_is_refused(bench, name):
    mount = Mount(name, "input", "uri_file", "ro_mount", "/x", "azureml:x:1")

    with pytest.raises(InvalidRequest):
        bench.executor.plan(bench.workload("true", mounts=(mount,)))


def test_a_deployment_that_ends_by_itself_has_failed(bench):
    state, _ = bench.run("true", stays_up=True)

    assert state.reason is Reason.FAILED
    assert "meant to stay up" in state.error


def test_a_deployment_finishes_with_its_helpers_before_those_are_ended(bench):
    helper = "(trap 'echo helper ends; exit 0' TERM; echo up; while :; do sleep 0.05; done) & helper=$!"
    handle = bench.start(f"{helper}; trap 'kill -0 $helper && echo finishing; exit 0' TERM; wait", stays_up=True)
    bench.until_line(handle, "up")

    bench.executor.stop(handle, grace_seconds=60)
    bench.end(handle)

    log = bench.executor.logs(handle).decode()
    assert -1 < log.find("finishing") < log.find("helper ends")


def test_a_command_longer_than_one_argument_may_be_runs(bench):
    state, log = bench.run("# " + "x" * 200_000 + "\necho ran")

    assert state.reason is Reason.COMPLETED
    assert log == "ran\n"


@pytest.mark.parametrize(
    ("command", "variables"),
    [("a\0b", {}), ("\ud800", {}), ("true", {"": "x"}), ("true", {"A=B": "x"}), ("true", {"A": "x\0"})],
    ids=ascii,
)
def test_text_no_process_can_be_given_is_refused(bench, command, variables):
    with pytest.raises(InvalidRequest):
        bench.executor.plan(bench.workload(command, environment_variables=variables))


def test_a_broken_plan_still_comes_to_an_end(bench):
    plan = bench.executor.plan(bench.workload("true"))
    content = json.loads(plan.files["plan.json"]) | {"distribution": {"kind": "abacus", "processes_per_instance": 1}}

    handle = bench.executor.start(replace(plan, files={"plan.json": json.dumps(content)}))
    state = bench.end(handle)

    assert state.reason is Reason.FAILED
    assert "could not be run here" in state.error


def test_a_command_can_run_what_ships_with_the_runtime(bench):
    state, log = bench.run("ls {{smalt:runtime}}/supervisor.py")

    assert state.reason is Reason.COMPLETED
    assert log.endswith("runtime/supervisor.py\n")


def test_jobs_start_when_the_fork_server_was_killed(bench):
    bench.run("true", name="first")
    os.kill(bench.executor._forkserver._process.pid, signal.SIGKILL)

    state, log = bench.run("echo again", name="second")

    assert (state.reason, log) == (Reason.COMPLETED, "again\n")


def test_a_supervisor_that_waits_for_a_job_is_replaced_when_somebody_ends_it(bench):
    bench.run("sleep 0.1", name="first")
    with waiting_supervisors(bench) as waiting:
        for handle in waiting:
            signal.pidfd_send_signal(handle, signal.SIGKILL)

    state, log = bench.run("echo again", name="second")

    assert (state.reason, log) == (Reason.COMPLETED, "again\n")


def test_a_supervisor_that_waits_for_a_job_ends_with_its_fork_server(bench):
    bench.run("sleep 0.1")

    with waiting_supervisors(bench) as waiting:
        os.kill(bench.executor._forkserver._process.pid, signal.SIGKILL)

    assert waiting


def test_a_command_starts_when_the_process_that_waited_for_it_was_ended(bench):
    bench.run("sleep 0.1", name="first")
    # The first one's supervisor may be about to end, and has nothing below it any more.
    for supervisor in children_of(bench.executor._forkserver._process.pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            for waiting in children_of(supervisor):
                os.kill(waiting, signal.SIGKILL)

    state, log = bench.run("echo again", name="second")

    assert (state.reason, log) == (Reason.COMPLETED, "again\n")


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def waiting_supervisors(bench):
    """Descriptors of the processes that the fork server has; all of them have ended when the block has."""
    handles = [os.pidfd_open(child) for child in children_of(bench.executor._forkserver._process.pid)]
    yield handles
    for handle in handles:
        assert select.select([handle], [], [], 60)[0] == [handle]
        os.close(handle)


def test_a_job_asked_of_a_fork_server_that_dies_before_it_reads_is_started_by_another(bench, monkeypatch):
    bench.run("true", name="first")
    server = bench.executor._forkserver
    pid, answer = server._process.pid, server._answer
    os.kill(pid, signal.SIGSTOP)  # What it is asked from here on, it never reads.

    def dies_first(line):
        os.kill(pid, signal.SIGKILL) if server._process.pid == pid else None
        return answer(line)

    monkeypatch.setattr(server, "_answer", dies_first)

    state, log = bench.run("echo again", name="second")

    assert (state.reason, log) == (Reason.COMPLETED, "again\n")


def test_a_job_of_a_fork_server_that_dies_before_it_answers_runs_once(bench, monkeypatch, tmp_path):
    server = bench.executor._forkserver
    answer = server._answer

    def is_lost(line):
        _, handle = answer(line)
        os.close(handle)
        server._close()
        raise ForkserverLost("it ended")

    monkeypatch.setattr(server, "_answer", is_lost)

    state, _ = bench.run(f"echo once >> {tmp_path}/runs")

    assert state.reason is Reason.COMPLETED
    assert (tmp_path / "runs").read_text() == "once\n"


def test_a_plan_made_under_other_variables_keeps_them(bench):
    plan = bench.executor.plan(bench.workload("echo $GREETING"))

    handle = bench.executor.start(replace(plan, environment={**plan.environment, "GREETING": "hello"}))

    assert bench.end(handle).reason is Reason.COMPLETED
    assert bench.executor.logs(handle) == b"hello\n"


def test_no_process_of_a_job_holds_its_lock(bench):
    _, log = bench.run("ls -l /proc/self/fd")

    assert "lock" not in log
