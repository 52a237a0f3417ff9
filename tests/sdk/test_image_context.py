"""What an image of a packed model is built from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smalt.entities.environment import Environment
from smalt.entities.model import Model
from smalt.entities.model_package import PACKAGE
from smalt.errors import InvalidRequest, SmaltError, Unsupported
from smalt.sdk.image_context import model_place, write_context

CONDA = {"dependencies": ["python=3.11", "pip", {"pip": ["joblib==1.4.2"]}]}


def package(**fields: Any) -> Environment:
    document = {"model": "/m/models/line/versions/1", **fields}
    return Environment.parse({"name": "line", "conda_file": CONDA, "properties": {PACKAGE: json.dumps(document)}})


def model(target: Path, name: str = "weights.json", text: str = "{}", **fields: Any) -> Model:
    """A model whose files are in their place."""
    found = Model.parse({"name": "line", "version": "1", **fields})
    place = model_place(target, found) / name
    place.parent.mkdir(parents=True)
    place.write_text(text)
    return found


def test_a_script_is_served_with_its_model_where_deployments_have_it(tmp_path: Path) -> None:
    script = {"code": "/m/codes/c/versions/1", "scoring_script": "score.py"}

    write_context(tmp_path, package(code_configuration=script, environment_variables={"A": 'b"c'}), model(tmp_path))

    told = json.loads((tmp_path / "config.json").read_text())
    dockerfile = (tmp_path / "Dockerfile").read_text()
    assert (told["loader"], told["entry_script"], told["listen"]) == ("script", "score.py", "open:0.0.0.0:5001")
    assert told["model_dir"] == "/var/azureml-app/azureml-models/line/1"
    assert "python:3.11-slim" in dockerfile
    assert 'ENV A="b\\"c"' in dockerfile
    assert "joblib==1.4.2" in (tmp_path / "requirements.txt").read_text()
    assert (tmp_path / "runtime" / "scorer" / "__main__.py").is_file()


def test_an_mlflow_model_is_served_without_a_script(tmp_path: Path) -> None:
    found = model(tmp_path, "model", type="mlflow_model")

    write_context(tmp_path, package(), found)

    told = json.loads((tmp_path / "config.json").read_text())
    assert (told["loader"], told["model_dir"]) == ("mlflow", "/var/azureml-app/azureml-models/line/1/model")


@pytest.mark.parametrize(
    ("environment", "error", "hint"),
    [
        (Environment.parse({"name": "plain", "image": "python"}), InvalidRequest, "smalt model package"),
        (Environment.parse({"name": "x", "image": "python", "properties": {PACKAGE: "no"}}), SmaltError, "no package"),
        (package(), Unsupported, "smalt flow build"),
    ],
)
def test_what_cannot_be_served_so_is_refused(
    tmp_path: Path, environment: Environment, error: type[SmaltError], hint: str
) -> None:
    with pytest.raises(error, match=hint):
        write_context(tmp_path, environment, model(tmp_path))
