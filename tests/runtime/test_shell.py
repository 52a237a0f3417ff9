"""Commands that are started without a shell: they get what a shell would give them, and all others get a shell."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from smalt.runtime import shell

SHOW = (
    "#!/bin/sh\nexec {python} -c 'import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))' \"$@\"\n"
)


@pytest.fixture
def environment(tmp_path):
    """Variables of a job whose `python` shows what it was given."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(SHOW.format(python=sys.executable))
    python.chmod(0o755)
    return {"PATH": f"/nowhere:{python.parent}:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}


def shown(argv, environment):
    arguments, variables = json.loads(subprocess.run(argv, env=environment, check=True, capture_output=True).stdout)
    # The one in between that shows them is a shell itself.
    return arguments, {name: value for name, value in variables.items() if name not in ("_", "PWD", "OLDPWD", "SHLVL")}


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --lr 0.1 --data=/a/b:c\n",
        """  python -c "" 'it is' "so, 'really'" a'b c'd """,
        "python  -m  pkg.mod   @file 50% a+b",
        "python",
    ],
)
def test_a_plain_start_of_a_python_is_what_a_shell_makes_of_it(environment, command):
    direct = shell.direct(["-c", command], environment)

    assert direct is not None
    assert shown(*direct) == shown([shell.find(), "-c", command], environment)


@pytest.mark.parametrize(
    "command",
    [
        "python a.py > out", "python a.py; true", "python a.py\npython b.py", "python $HOME/a.py", "python *.py",
        "python ~/a.py", "python a.py &", "python `pwd`", "python 'open", "python {a,b}", "python a\\ b", "python #",
        "X=1 python a.py", "echo hi", "cd python", "pythons a.py", "./python a.py", "bin/python a.py", "",
    ],
)  # fmt: skip
def test_whatever_a_shell_has_more_to_do_for_is_left_to_one(environment, command):
    assert shell.direct(["-c", command], environment) is None


def test_a_long_command_in_a_file_is_left_to_a_shell(environment):
    assert shell.direct(["/job/.command_0.sh"], environment) is None


@pytest.mark.parametrize("name", ["BASH_ENV", "BASH_FUNC_python%%"])
def test_what_a_shell_reads_first_is_read(environment, name):
    assert shell.direct(["-c", "python a.py"], {**environment, name: "() { :; }"}) is None


def test_a_python_that_is_not_there_is_left_to_a_shell_to_say(environment, tmp_path):
    (tmp_path / "bin" / "python").unlink()

    assert shell.direct(["-c", "python a.py"], {**environment, "PATH": str(tmp_path / "bin")}) is None


def test_variables_are_those_that_a_shell_leaves_to_a_program(environment):
    argv, variables = shell.direct(["-c", "python"], environment)

    with_shell = subprocess.run(
        [shell.find(), "-c", "/usr/bin/env -0"], env=environment, check=True, capture_output=True, cwd="/", text=True
    )
    assert argv == [variables["_"]] == [f"{environment['HOME']}/bin/python"]
    assert variables.keys() | {"PWD"} == dict(line.split("=", 1) for line in with_shell.stdout.split("\0")[:-1]).keys()
