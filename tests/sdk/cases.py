"""The pipelines in `pipelines/`: YAML files, and functions in Python whose imports are changed to ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from smalt import load_job
from smalt.sdk.client import MLClient
from tests.sdk import bodies
from tests.sdk.fake_server import Fake

FOLDER = Path(__file__).parent / "pipelines"
FILES = ("local.yml", "inline.yml", "search.yml")
FUNCTIONS = FOLDER / "cases.py"


def functions() -> dict[str, Any]:
    """The functions `case_..` that each make a pipeline, with the import lines of our own SDK."""
    text = re.sub(r"from azure\.ai\.ml(\.dsl)?(\._\w+)?", r"from smalt\1", FUNCTIONS.read_text())
    names: dict[str, Any] = {"__file__": str(FUNCTIONS), "__name__": "cases"}
    exec(compile(text, str(FUNCTIONS), "exec", dont_inherit=True), names)
    return {name: value for name, value in names.items() if name.startswith("case_")}


def submitted(client: MLClient, fake: Fake) -> dict[str, Any]:
    """Every case submitted by our client, in the form that is compared."""
    jobs = {Path(file).stem: load_job(FOLDER / file) for file in FILES}
    jobs |= {name: make() for name, make in functions().items()}
    names = {key: str(client.jobs.create_or_update(job).name) for key, job in jobs.items()}
    answer = bodies.sent(fake, names)
    return {key: bodies.compared(answer, key) for key in names}
