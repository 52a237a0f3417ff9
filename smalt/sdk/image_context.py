"""A packed model as files: the context of an image that serves it anywhere, without a server of ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from smalt.entities.endpoint.online import ManagedOnlineDeployment
from smalt.entities.environment import Environment
from smalt.entities.model import Model
from smalt.entities.model_package import PackagedModel
from smalt.entities.types import AssetType
from smalt.environments import EnvironmentRequest, Recipe, is_language_model, plan
from smalt.errors import InvalidRequest, Unsupported
from smalt.executors import scoring
from smalt.executors.scoring import CONFIG, SCORER, ScorerPlace

_PORT = 5001
"""Where the servers of Azure's images listen."""

_ROOT = Path("/var/azureml-app")
_STATE = _ROOT / "state"
_CODE, _MODELS, _RUNTIME = "code", "azureml-models", "runtime"
_BASE, _USUAL_PYTHON = "docker.io/library/python", "3.12"


def write_context(target: Path, environment: Environment, model: Model) -> None:
    """Write what an image is built from round the model and the code, which are in their places below `target`.

    Raises:
        InvalidRequest: The environment is no package.
        Unsupported: Its software is not such as pip installs, or nothing in an image could serve the model.
    """
    package = package_of(environment)
    recipe = _recipe(environment)
    code_place(target).mkdir(exist_ok=True)
    place = _place(target, model, has_script=package.code_configuration is not None)
    deployment = ManagedOnlineDeployment.parse(
        {
            "model": package.model,
            "code_configuration": package.code_configuration,
            "environment_variables": package.environment_variables,
        }
    )
    told = scoring.config(deployment, place, names={"deployment": str(model.name)}, collector=None)
    # There is no gateway before it: everybody who reaches the port may ask, for as long as an answer takes.
    told |= {"listen": f"open:0.0.0.0:{_PORT}", "request_timeout_ms": None, "collect": {}}
    files = {
        CONFIG: json.dumps(told, indent=2),
        "requirements.txt": "".join(f"{each}\n" for each in recipe.requirements),
        "constraints.txt": "".join(f"{each}\n" for each in recipe.constraints),
        "Dockerfile": _dockerfile(recipe, scoring.variables(deployment, place)),
        "README.md": _readme(model),
    }
    for name, text in files.items():
        (target / name).write_text(text, encoding="utf-8")
    _bring_scorer(target / _RUNTIME)


def package_of(environment: Environment) -> PackagedModel:
    """The package that an environment is.

    Raises:
        InvalidRequest: It is none.
    """
    found = PackagedModel.of(environment)
    if found is None:
        raise InvalidRequest(f"The environment {environment.name!r} is no package. Make one: smalt model package.")
    return found


def model_place(target: Path, model: Model) -> Path:
    """Where a model goes in a context: as in deployments."""
    return target / _MODELS / str(model.name) / str(model.version)


def code_place(target: Path) -> Path:
    """Where code goes."""
    return target / _CODE


def _recipe(environment: Environment) -> Recipe:
    if environment.build is not None:
        raise Unsupported(
            f"The environment {environment.name!r} is built from a Dockerfile of its own. Base the package on one with "
            "a conda_file."
        )
    return plan(EnvironmentRequest(environment.image, environment.conda_file, environment_name=environment.name))


def _place(target: Path, model: Model, *, has_script: bool) -> ScorerPlace:
    """Where the scorer finds everything in the image."""
    here = model_place(target, model)
    (only,) = here.iterdir()
    models = _ROOT / here.relative_to(target)
    app, served = _ROOT / _CODE, models / only.name
    if has_script:
        return ScorerPlace(_STATE, app, models)
    if model.type is AssetType.MLFLOW_MODEL:
        return ScorerPlace(_STATE, app, models, served)
    if is_language_model(lambda name: _text(only / name)):
        return ScorerPlace(_STATE, app, models, language=served)
    raise Unsupported(f"The model {model.name!r} is a flow. Pack it with: smalt flow build --format docker.")


def _bring_scorer(target: Path) -> None:
    """The program that serves; it needs nothing but the environment of the model."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SCORER, target / SCORER.name, ignore=ignored, dirs_exist_ok=True)
    shutil.copy2(SCORER.parent / "__init__.py", target)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _dockerfile(recipe: Recipe, variables: Mapping[str, str]) -> str:
    set_ = "".join(f"ENV {name}={json.dumps(value)}\n" for name, value in variables.items())
    return (
        f"ARG BASE={_BASE}:{recipe.python or _USUAL_PYTHON}-slim\n"
        "FROM ${BASE}\n"
        f"WORKDIR {_ROOT}\n"
        "COPY requirements.txt constraints.txt ./\n"
        "RUN python3 -m pip install --no-cache-dir -r requirements.txt -c constraints.txt\n"
        "COPY . .\n"
        f"RUN mkdir -m 777 {_STATE.name}\n"
        f"{set_}"
        f"ENV HOME={_STATE}\n"
        "USER 1000:1000\n"
        f"EXPOSE {_PORT}\n"
        f"HEALTHCHECK CMD python3 -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:{_PORT}/')\"\n"
        f'CMD ["python3", "{_RUNTIME}/{SCORER.name}", "--config", "{CONFIG}"]\n'
    )


def _readme(model: Model) -> str:
    return (
        f"# {model.name} {model.version}, ready to be served\n\n"
        f"```\ndocker build -t {str(model.name).lower()} .\n"
        f"docker run -p {_PORT}:{_PORT} {str(model.name).lower()}\n"
        f"curl -s localhost:{_PORT}/score -H 'Content-Type: application/json' -d @request.json\n```\n\n"
        f"`GET /` answers when it is up. Nobody is asked for a key: put it behind something that does. `WORKER_COUNT` "
        "sets the number of processes.\n"
    )
