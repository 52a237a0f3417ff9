"""Calls of batch endpoints whose deployment names a cluster: mini-batches are scored on a node, rows come back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "endpoints" / "batch" / "model"
WHERE = "\n\ndef init():\n    load()\n    print('scored in', os.path.abspath(__file__))\n"


@pytest.fixture
def folder(installation):
    """The example, on the cluster."""
    found = installation.folder / "rules"
    shutil.copytree(EXAMPLE, found)
    deployment = yaml.safe_load((found / "deployment.yml").read_text())
    deployment |= {"compute": "azureml:team", "environment": {"image": "python:3.11"}}
    (found / "deployment.yml").write_text(yaml.safe_dump(deployment))
    script = found / "src" / "batch_score.py"
    script.write_text(script.read_text().replace("def init()", "def load()") + WHERE)
    return found


def test_a_call_is_scored_on_a_node(installation, folder):
    smalt = installation.server.smalt
    smalt("batch-endpoint", "create", "-f", str(folder / "endpoint.yml"))
    smalt("batch-deployment", "create", "-f", str(folder / "deployment.yml"), "--set-default")

    job = json.loads(smalt("batch-endpoint", "invoke", "-n", "flowers", "--input", str(folder / "flowers")))["name"]

    assert installation.end(job)["status"] == "Completed"
    smalt("job", "download", "-n", job, "--output-name", "score", "--download-path", str(folder / "down"))
    (rows,) = (folder / "down").rglob("names.csv")
    counted = [line.rsplit(",", 1)[1] for line in rows.read_text().splitlines()]
    logs = [each.read_text() for each in installation.server.home.glob("blobs/*/azureml/ExperimentRun/*/**/*.txt")]
    assert len(counted) == sum(len(each.read_text().splitlines()) for each in (folder / "flowers").iterdir())
    assert any(f"scored in {installation.folder / 'node'}" in log for log in logs)
