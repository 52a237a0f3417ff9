"""Assets and their versions, on both databases."""

from __future__ import annotations

from smalt.entities.base import AssetContainer
from smalt.entities.model import Model
from smalt.server.assets import AssetService
from smalt.server.work import SYSTEM


def test_a_model_that_was_made_without_versions_has_the_type_of_its_first_one(house):
    assets, owner = AssetService(), house.default
    with house.works.write(SYSTEM) as work:
        assets.put_container(work, owner, "models", "m", AssetContainer(name="m", description="flowers"))

        assets.register(work, owner, "models", "m", None, Model(path="https://x.test/m", type="mlflow_model"))

        found = assets.container(work, owner, "models", "m").entity.document()
        assert (found["type"], found["description"], found["latest_version"]) == ("mlflow_model", "flowers", "1")
