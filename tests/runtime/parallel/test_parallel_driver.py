"""Mini-batches through worker processes: results, failures, limits, and what a person can read afterwards."""

from __future__ import annotations

import signal

import pytest

FAILS_ON_3 = """
import os

def run(mini_batch):
    names = [os.path.basename(each) for each in mini_batch]
    if "0003.txt" in names:
        %s
    return names
"""


def test_every_file_is_scored_once_and_its_row_is_appended(line):
    names = line.files(20)

    code, said = line.run(size=3)

    assert code == 0, said
    assert sorted(line.rows()) == names
    assert "Mini-batches: 7; 7 processed, 0 failed, 0 not done." in said
    [overview] = (line.artifacts / "logs").glob("job_progress_overview.*.txt")
    assert "Items: 20 processed, 0 failed." in overview.read_text()


def test_a_size_in_bytes_groups_small_files(line):
    line.files(10)

    _, said = line.run(size=16, size_in_bytes=True)

    assert "Mini-batches: 5; 5 processed" in said


def test_the_script_gets_its_arguments_and_the_engine_its_flags(line):
    line.files(1)
    line.script("import sys\n\ndef run(mini_batch):\n    return [repr(sys.argv[1:])]\n")
    line.arguments = "--model 'a b' --error_threshold 5 --resource_monitor_interva 20 --resource_monitr_interval 1"

    code, said = line.run()

    assert code == 0, said
    assert line.rows() == ["['--model', 'a b', '--resource_monitr_interval', '1']"]
    assert "--resource_monitor_interva is taken for --resource_monitor_interval." in said
    assert "--resource_monitr_interval looks like --resource_monitor_interval" in said


def test_a_script_may_ask_for_its_context_and_its_logger(line):
    line.files(2)
    line.script(
        "from azureml_user.parallel_run import EntryScript\n\n"
        "def init():\n    EntryScript().logger.info('hello from init')\n\n"
        "def run(files, mini_batch_context):\n"
        "    context = mini_batch_context\n"
        "    return [f'{context.minibatch_index} {context.dataset_name} {context.partition_key_value}']\n\n"
        "def shutdown():\n    print('good bye')\n"
    )

    code, said = line.run(concurrency=1)

    assert code == 0, said
    assert sorted(line.rows()) == ["0 data None", "1 data None"]
    assert "hello from init" in line.log("user/entry_script_log/0/process000.log.txt")
    assert "good bye" in line.log("user/stdout/0/process000.stdout.txt")


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("raise ValueError('bad row')", "ValueError: bad row"),
        ("os._exit(7)", "exited with code 7"),
        ("os.kill(os.getpid(), 11)", "ended by SIGSEGV"),
        ("os.kill(os.getpid(), 9)", "ended by SIGKILL, as happens when memory runs out"),
        ("import time; time.sleep(100)", "it took too long"),
        ("return None", "Return a list or a DataFrame"),
    ],
    ids=["exception", "exit", "segfault", "killed", "hang", "no list"],
)
def test_a_mini_batch_that_fails_is_tried_again_and_then_left_out(line, act, told):
    names = line.files(6)
    line.script(FAILS_ON_3 % act)

    code, said = line.run(max_retries=1, timeout=1)

    assert code == 0, said
    assert sorted(line.rows()) == [name for name in names if name != "0003.txt"]
    assert "Mini-batch 3, try 2 of 2 failed" in said
    assert told in line.log("user/error.txt")
    assert "5 processed, 1 failed, 0 not done" in said


def test_a_second_try_may_succeed(line):
    names = line.files(4)
    line.script(
        "import os\n\ndef run(mini_batch, mini_batch_context):\n"
        "    assert mini_batch_context.try_number == 2, 'the first try'\n"
        "    return [os.path.basename(each) for each in mini_batch]\n"
    )

    code, said = line.run(error_threshold=0, mini_batch_error_threshold=0)

    assert code == 0, said
    assert sorted(line.rows()) == names


@pytest.mark.parametrize(
    ("asked", "arguments", "reason"),
    [
        ({"mini_batch_error_threshold": 0}, "", "mini_batch_error_threshold tolerates 0"),
        ({"error_threshold": 0}, "", "error_threshold tolerates 0"),
        ({}, "--error_threshold 0", "error_threshold tolerates 0"),
        ({}, "--allowed_failed_percent 10", "--allowed_failed_percent tolerates 10"),
    ],
)
def test_more_failures_than_tolerated_fail_the_job(line, asked, arguments, reason):
    line.files(6)
    line.script(FAILS_ON_3 % "raise ValueError('bad row')")
    line.arguments = arguments

    code, said = line.run(max_retries=0, **asked)

    assert code == 1
    assert reason in said
    assert line.pids("work") == []


def test_rows_that_are_missing_count_as_failed_items_where_those_are_counted(line):
    line.files(4)
    line.script("def run(mini_batch):\n    return []\n")

    tolerant, _ = line.run(size=2)
    strict, said = line.run(size=2, error_threshold=1)

    assert tolerant == 0
    assert strict == 1
    assert "2 items failed; error_threshold tolerates 1." in said


def test_a_script_whose_init_fails_fails_the_job_with_its_trace(line):
    line.files(4)
    line.script("def init():\n    raise RuntimeError('no model')\n\ndef run(mini_batch):\n    return mini_batch\n")

    code, said = line.run()

    assert code == 1
    assert "could not be started 3 times in a row" in said
    assert "RuntimeError: no model" in said


@pytest.mark.parametrize("text", ["def init():\n    pass\n", "def run(:\n"])
def test_a_script_that_cannot_be_used_is_told(line, text):
    line.files(1)
    line.script(text)

    code, said = line.run()

    assert code == 1
    assert "has no function run(mini_batch)" in said or "SyntaxError" in said


def test_no_files_are_no_mini_batches(line):
    code, said = line.run()

    assert code == 0, said
    assert line.rows() == []


def test_a_job_that_is_asked_to_stop_leaves_nothing_running(line):
    line.files(4)
    line.script(
        "import subprocess, time\n\ndef run(mini_batch):\n"
        "    subprocess.Popen(['sleep', '1000'])\n    open('begun', 'w').close()\n    time.sleep(1000)\n"
    )
    process = line.start()
    line.wait_for(line.code / "begun")

    process.send_signal(signal.SIGTERM)

    said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "it was canceled" in said
    assert line.pids("work") == line.pids("drive") == line.pids("1000") == []
