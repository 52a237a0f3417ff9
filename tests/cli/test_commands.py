"""The command line from end to end, in this process and as a process of its own."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from starlette.responses import JSONResponse

from smalt.cli.app import root, run
from smalt.cli.output import render
from smalt.cli.table import COMMANDS, NOUNS
from tests.cli.az_verbs import AZ_VERBS, NOT_OFFERED
from tests.sdk.fake_server import SCOPE, TOKEN, Fake

JOB = """\
command: echo ${{inputs.lr}}
environment: azureml:e:1
inputs:
  lr: 0.1
tags:
  a: b
"""

Smalt = Callable[..., tuple[int, str, str]]


@pytest.fixture
def smalt(home: Path, capsys: pytest.CaptureFixture[str]) -> Smalt:
    """Run a command: exit code, output, errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def job_file(tmp_path: Path) -> str:
    path = tmp_path / "job.yml"
    path.write_text(JOB)
    return str(path)


def ok(answer: tuple[int, str, str]) -> str:
    code, out, error = answer
    assert code == 0, error
    return out


def sent(fake: Fake, name: str) -> dict:
    return fake.resources[f"{SCOPE}/jobs/{name}"]["properties"]


def test_the_first_page_of_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "smalt.cli.main", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(re.findall(r"\|\s+([\w.]+)$", done.stderr, re.MULTILINE))
    assert all(name in done.stdout for name in COMMANDS)
    assert not loaded & {"click", "pydantic", "sqlalchemy", "httpx2", "rich", "yaml", "asyncio", "typing"}


def test_help_of_a_verb_loads_no_client() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "smalt.cli.main", "job", "create", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "--stream" in done.stdout
    assert not re.search(r"\| +(pydantic|httpx2|sqlalchemy|rich)$", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_verb_and_option_of_az_ml_is_here(noun: str) -> None:
    context = click.Context(root)
    group = root.get_command(context, noun)
    assert isinstance(group, click.Group)

    missing = set()
    for verb, options in AZ_VERBS[noun].items():
        command = group.get_command(context, verb)
        known = {name for param in command.params for name in param.opts} if command else set()
        missing |= {verb} if command is None else {f"{verb} {each}" for each in options if each not in known}

    assert missing == NOT_OFFERED.get(noun, set())


def test_a_job_is_submitted_shown_and_changed(smalt: Smalt, fake: Fake, job_file: str) -> None:
    created = json.loads(ok(smalt("job", "create", "-f", job_file, "--set", "inputs.lr=0.5", "tags.c=d", "-n", "j")))
    assert (created["name"], created["status"], created["type"]) == ("j", "Queued", "command")
    assert sent(fake, "j")["inputs"]["lr"]["value"] == "0.5"
    assert sent(fake, "j")["tags"] == {"a": "b", "c": "d"}

    ok(smalt("job", "update", "-n", "j", "--set", "display_name=new name", "tags.a=x y", "--remove", "tags.c"))

    assert ok(smalt("job", "show", "-n", "j", "--query", "[display_name, tags.a]", "-o", "tsv")) == "new name\nx y\n"
    assert sent(fake, "j")["tags"] == {"a": "x y"}


def test_long_options_may_be_abbreviated(smalt: Smalt, fake: Fake, job_file: str) -> None:
    ok(smalt("job", "create", "--f", job_file, "--n=j", "--only"))

    assert ok(smalt("job", "show", "--name", "j", "--q", "name", "--out", "tsv")) == "j\n"
    code, _, error = smalt("data", "list", "--s", "x")
    assert code == 0 or "could be" in error


def test_an_ambiguous_abbreviation_is_a_usage_error(smalt: Smalt) -> None:
    code, _, error = smalt("job", "list", "--a")

    assert code == 2
    assert "--all-results or --archived-only" in error


def test_a_failing_job_fails_the_command_that_follows_it(smalt: Smalt, fake: Fake, job_file: str) -> None:
    fake.script("j", ("Running", b"line\n"), ("Failed", b""))

    code, out, error = smalt("job", "create", "-f", job_file, "-n", "j", "--stream")

    assert code == 1
    assert "line\n" in out
    assert "ERROR: Job j ended as Failed: exit code 1" in error


def test_mistakes_in_a_file_are_told_with_line_and_remedy(smalt: Smalt, fake: Fake, tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text("command: x\nenvironment: azureml:e:1\nname: bad name\ninputs: 3\n")

    code, out, error = smalt("job", "create", "-f", str(path))

    assert (code, out) == (1, "")
    assert f"{path}:3" in error
    assert f"{path}:4" in error
    assert "Traceback" not in error
    assert fake.requests == []


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("  table: {type: uri_file, path: ./none.csv}\n", r"job.yml:5: inputs.table: \S+none.csv does not exist"),
        ("code: ./none\n", r"job.yml:5: code: The code folder \S+none does not exist"),
    ],
)
def test_what_is_not_here_is_told_with_the_line_that_names_it(smalt: Smalt, tmp_path: Path, more: str, line: str):
    path = tmp_path / "job.yml"
    path.write_text("command: x\nenvironment: azureml:e:1\ninputs:\n  lr: 0.1\n" + more)

    code, _, error = smalt("job", "create", "-f", str(path))

    assert code == 1
    assert re.search(line, error)


def test_what_the_server_refuses_is_told_with_the_line_too(smalt: Smalt, fake: Fake, job_file: str) -> None:
    details = [
        {"code": "UserError", "message": "No environment 'e'.", "target": "environment"},
        {"code": "UserError", "message": "All is wrong.", "target": "elsewhere"},
    ]
    refused = {"code": "ValidationError", "message": "The job is not valid.", "details": details}
    fake.answers.append(JSONResponse({"error": refused}, 400))

    code, _, error = smalt("job", "create", "-f", job_file)

    assert code == 1
    assert error.splitlines() == [
        f"ERROR: {job_file} has 2 mistakes:",
        f"  {job_file}:2: environment: No environment 'e'.",
        "  All is wrong.",
    ]


def test_a_table_shows_statuses_in_their_colours_and_columns_stay_straight() -> None:
    rows = [{"name": "a", "status": "Failed", "type": "x"}, {"name": "b", "status": "Completed", "type": "y"}]

    coloured, plain = (render(rows, form="table", colour=colour) for colour in (True, False))

    assert click.style("Failed", fg="red") in coloured
    assert click.unstyle(coloured) == plain


def test_unknown_fields_warn_and_are_kept(smalt: Smalt, tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text(JOB + "colour: red\n")

    code, _, error = smalt("job", "create", "-f", str(path))

    assert code == 0
    assert "WARNING" in error
    assert "colour" in error
    assert smalt("job", "create", "-f", str(path), "--only-show-errors")[2] == ""


def test_exit_codes_tell_misuse_absence_and_failure_apart(smalt: Smalt, job_file: str) -> None:
    assert smalt("job", "show")[0] == 2
    assert smalt("job", "no-such-verb")[0] == 2
    assert smalt("no-such-noun")[0] == 2
    code, out, error = smalt("job", "show", "-n", "absent")
    assert (code, out) == (3, "")
    assert error.startswith("ERROR: ")
    assert smalt("job", "create", "-f", job_file, "--query", "][")[0] == 1
    assert smalt("model", "show", "-n", "m")[0] == 2


def test_assets_are_created_listed_and_archived(smalt: Smalt, fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    for _ in range(2):
        ok(smalt("data", "create", "-n", "d", "-t", "uri_file", "-p", str(tmp_path / "a.csv"), "-d", "7"))
    ok(smalt("data", "archive", "-n", "d", "-v", "1"))
    ok(smalt("data", "update", "-n", "d", "-l", "latest", "--set", "tags.k=v"))

    found = json.loads(ok(smalt("data", "list", "-n", "d", "--include-archived")))

    assert [(each["version"], each["description"]) for each in found] == [("2", "7"), ("1", "7")]
    assert ok(smalt("data", "list", "-n", "d", "--query", "[].tags.k", "-o", "tsv")) == "v\n"
    assert "Name" in ok(smalt("data", "list", "-o", "table"))


def test_computes_take_options_or_a_file(smalt: Smalt, tmp_path: Path) -> None:
    ok(smalt("compute", "create", "-n", "cpu", "--type", "AmlCompute", "--min-instances", "0", "--max-instances", "3",
             "--size", "Standard_DS3", "--tags", "a=b", "c=d"))  # fmt: skip
    ok(smalt("compute", "update", "-n", "cpu", "--max-instances", "5"))

    shown = json.loads(ok(smalt("compute", "show", "-n", "cpu")))

    assert (shown["type"], shown["max_instances"], shown["tags"]) == ("amlcompute", 5, {"a": "b", "c": "d"})
    assert smalt("compute", "delete", "-n", "cpu")[0] == 2  # nobody is here to confirm
    ok(smalt("compute", "delete", "-n", "cpu", "-y"))
    assert smalt("compute", "show", "-n", "cpu")[0] == 3


def test_lists_grow_by_add_and_shrink_by_remove(smalt: Smalt, fake: Fake, tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("name: e\nversion: 1\nimage: ubuntu\nextras: [one]\n")
    ok(smalt("environment", "create", "-f", str(path), "--only-show-errors"))

    ok(
        smalt(
            "environment", "update", "-n", "e", "-v", "1", "--add", "extras", "a=1", "b=two", "--remove", "extras", "0"
        )
    )

    assert json.loads(ok(smalt("environment", "show", "-n", "e", "-v", "1")))["extras"] == [{"a": 1, "b": "two"}]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("json", '"name": "j"'),
        ("yaml", "name: j\n"),
        ("tsv", "j\t"),
        ("table", "Name"),
        ("none", ""),
    ],
)
def test_every_form_of_output(smalt: Smalt, job_file: str, form: str, expected: str) -> None:
    out = ok(smalt("job", "create", "-f", job_file, "-n", "j", "-o", form))

    assert expected in out
    assert bool(out) == (form != "none")


def test_debug_prints_requests_but_never_the_token(fake: Fake, home: Path, job_file: str) -> None:
    fake.script("j", ("Completed", b"line"))
    command = [sys.executable, "-m", "smalt.cli.main", "job", "create", "-f", job_file, "-n", "j", "-s", "--debug"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0
    assert "GET http://127.0.0.1" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert "sig=" not in done.stdout + done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(smalt: Smalt, shell: str) -> None:
    assert "_SMALT_COMPLETE" in ok(smalt("completion", shell))


def test_completion_knows_nouns_and_verbs() -> None:
    variables = {**os.environ, "_SMALT_COMPLETE": "bash_complete", "COMP_WORDS": "smalt job st", "COMP_CWORD": "2"}

    done = subprocess.run(
        [sys.executable, "-c", "import sys; from smalt.cli.main import main; main([])"],
        capture_output=True,
        text=True,
        env=variables,
    )

    assert "plain,stream" in done.stdout


def test_az_scripts_run_as_they_are(smalt: Smalt, home: Path, fake: Fake, job_file: str) -> None:
    assert json.loads(ok(smalt("az", "login", "--service-principal", "-u", "x", "-p", "y")))[0]["id"] == "sub"
    ok(smalt("az", "account", "set", "-s", "sub"))
    assert ok(smalt("az", "account", "show", "--query", "id", "-o", "tsv")) == "sub\n"
    ok(smalt("az", "configure", "--defaults", "group=group", "workspace=elsewhere"))
    assert json.loads((home / "az.json").read_text())["workspace"] == "elsewhere"

    assert smalt("az", "ml", "job", "create", "--file", job_file)[0] == 0
    assert fake.count("PUT .*/workspaces/elsewhere/jobs/") == 1
    ok(smalt("az", "ml", "job", "create", "--file", job_file, "-w", "default", "-n", "j"))
    assert ok(smalt("az", "ml", "job", "show", "-n", "j", "-w", "default", "--query", "name", "-o", "tsv")) == "j\n"
    assert ok(smalt("az", "configure", "-l", "-o", "table")).split()[:2] == ["Name", "Value"]
    ok(smalt("az", "extension", "remove", "-n", "azure-cli-ml"))
    assert json.loads(ok(smalt("az", "version")))["extensions"]["ml"]


def test_other_az_commands_go_to_a_real_az(home: Path, tmp_path: Path) -> None:
    for place, text in (("ours", "exec python -m smalt.cli.main az"), ("real", 'echo "real az: $@"')):
        (tmp_path / place).mkdir()
        launcher = tmp_path / place / "az"
        launcher.write_text(f"#!/bin/sh\n{text}\n")
        launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    variables = {**os.environ, "PATH": f"{tmp_path / 'ours'}:{tmp_path / 'real'}:/bin:/usr/bin"}

    def az(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "smalt.cli.main", "az", "vm", "list", "-o", "table"]
        return subprocess.run(command, capture_output=True, text=True, env=variables)

    assert az(variables).stdout == "real az: vm list -o table\n"
    alone = az({**variables, "PATH": str(tmp_path / "ours")})
    assert alone.returncode == 1
    assert "no other az is installed" in alone.stderr


@pytest.mark.parametrize("command", ["smalt", "pf"])
def test_help_ends_in_silence_when_its_reader_has_gone(command: str) -> None:
    begin = f"from smalt.cli.main import main as smalt, pf; {command}(['--help'])"
    readable, writable = os.pipe()
    os.close(readable)
    try:
        done = subprocess.run([sys.executable, "-c", begin], stdout=writable, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writable)

    assert (done.returncode, done.stderr) == (0, "")
