"""Language models for tests: the interpreter that has torch and transformers, and small models made by it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from smalt.environments import LANGUAGE_IMAGE, EnvironmentCache, EnvironmentRequest, language_conda, plan

ROOT = Path(__file__).parents[2]


def language_python() -> str:
    """The interpreter; `make test-language` prepares it."""
    found = os.environ.get("SMALT_LANGUAGE_PYTHON") or str(ROOT / ".venv-language" / "bin" / "python")
    if not Path(found).exists():
        pytest.fail(f"No interpreter with torch and transformers at {found}. Run the tests with: make test-language")
    return found


def make_models(folder: Path) -> Path:
    """A folder of language models of random weights: `chat`, `text`, `windowed`, `vectors`."""
    script = Path(__file__).parent / "make_models.py"
    made = subprocess.run(
        [language_python(), str(script), str(folder)], capture_output=True, text=True, check=False, env=variables()
    )
    assert made.returncode == 0, made.stderr[-3000:]
    return folder


def variables() -> dict[str, str]:
    """The environment of a process with a small model: more threads than one make it many times slower."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


def bring_environment(environments: Path) -> None:
    """Have a server find the environment of language models as built, where it would take minutes to build."""
    prefix = Path(language_python()).parents[1]
    cache = EnvironmentCache(environments)
    recipe = plan(EnvironmentRequest(image=LANGUAGE_IMAGE, conda=language_conda()))
    version = cache.interpreter(recipe).version
    (prefix / "environment.json").write_text(json.dumps({"python_version": version}))
    place = environments / "envs" / "language"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(prefix)
    cache._record(recipe, "language", version, "", [], {})
