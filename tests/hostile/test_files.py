"""Files that are given to the command line: what is wrong is said with file, line and remedy, and nothing is sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smalt.cli.app import run
from tests.campaigns.call_everything import Target

pytestmark = [
    pytest.mark.parametrize("target", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.usefixtures("unchanged"),
]

JOB = "command: echo ${{inputs.x}}\nenvironment: azureml:plain:1\ninputs: {x: 1}\n"
LAUGHS = "a0: &a0 [ha]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
FILES: dict[str, str | bytes] = {
    "nothing": b"",
    "a list": "- command: echo\n",
    "a sentence": "run my job, please",
    "a tab": "command: echo\ninputs:\n\tx: 1\n",
    "a key twice": JOB + "command: rm\n",
    "an anchor in a circle": "command: echo\ninputs: &a\n  x: *a\n",
    "an alias of nothing": "command: *nothing\n",
    "a billion laughs": LAUGHS,
    "a million levels": "inputs: " + "[" * 1_000_000,
    "four million letters": "command: " + "a" * 5_000_000,
    "a tag that runs code": "command: !!python/object/apply:os.system ['true']\n",
    "a tag of bytes": "command: !!binary aGVsbG8=\n",
    "two documents": JOB + "---\n" + JOB,
    "UTF-16": JOB.encode("utf-16"),
    "Latin-1": "description: é\n".encode("latin-1") + JOB.encode(),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a NUL": b"command: a\0b\n",
    "an escaped NUL": 'command: "a\\0b"\nenvironment: azureml:plain:1\n',
    "half a character": 'command: "a\\ud800b"\nenvironment: azureml:plain:1\n',
    "a number of 10 000 digits": "command: echo\nlimits: {timeout: " + "9" * 10_000 + "}\n",
    "not a number": "command: echo\nenvironment: azureml:plain:1\nlimits: {timeout: .nan}\n",
    "infinity": "command: echo\nenvironment: azureml:plain:1\nlimits: {timeout: .inf}\n",
    "a mapping for a command": "command: {a: b}\nenvironment: azureml:plain:1\n",
    "inputs in a list": "command: echo\nenvironment: azureml:plain:1\ninputs: [1, 2]\n",
    "a type that is none": "type: sculpture\ncommand: echo\n",
    "an input nobody gave": "command: echo ${{inputs.y}}\nenvironment: azureml:plain:1\n",
    "an environment that is not there": "command: echo\nenvironment: azureml:none:1\n",
    "a compute that is not there": JOB + "compute: azureml:none\n",
    "code that is not there": JOB + "code: ./nowhere\n",
    "code that is a way out": JOB + "code: ../../../../../../../../proc/self/mem\n",
    "a parent that is not there": JOB + "parent_job_name: none\n",
    "an output that is a way out": JOB + "outputs: {../../x: {type: uri_folder}}\n",
    "a name that is a way out": JOB + "name: ../../x\n",
    "a name of 300 letters": JOB + f"name: {'a' * 300}\n",
    "a name in Cyrillic": JOB + "name: задание\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_a_job_file_is_refused_with_a_remedy(
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str | bytes,
):
    monkeypatch.setenv("SMALT_HOME", str(target.home))
    file = tmp_path / "job.yml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    code = run(["job", "create", "--file", str(file)])

    told = capsys.readouterr().err
    assert code not in (0, None)
    assert "Traceback" not in told
    assert len(told) < 5000
    assert re.search(r"\S[.;:)] \S", told), told
