"""The files of docs/ray.md, which nobody runs here: each says what its reader requires."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from smalt.entities.compute.ray import RayCompute

TEXT = (Path(__file__).parents[2] / "docs" / "ray.md").read_text()
FILES: list[dict[str, Any]] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]


@pytest.fixture
def cluster() -> dict[str, Any]:
    return next(each["spec"] for each in FILES if each.get("kind") == "RayCluster")


def test_the_compute_is_one_of_ours() -> None:
    (compute,) = [each for each in FILES if each.get("type") == "ray"]

    assert RayCompute.parse(compute).document()["max_concurrent_jobs"] == 8


def test_every_group_of_the_cluster_says_what_the_operator_requires(cluster: dict[str, Any]) -> None:
    for group in cluster["workerGroupSpecs"]:
        assert group.keys() >= {"groupName", "minReplicas", "maxReplicas", "template"}
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_every_node_of_the_cluster_asks_for_the_token(cluster: dict[str, Any]) -> None:
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        (container,) = group["template"]["spec"]["containers"]
        given = {each["name"]: each for each in container["env"]}
        assert given["RAY_AUTH_MODE"]["value"] == "token"
        assert given["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "ray-token", "key": "auth_token"}
