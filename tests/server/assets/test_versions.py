"""Assets and their versions, on both databases."""

from __future__ import annotations

import pytest

from smalt.entities.base import AssetContainer
from smalt.entities.environment import Environment
from smalt.entities.model import Model
from smalt.errors import NotFound
from smalt.server import curated
from smalt.server.assets import AssetService
from smalt.server.work import SYSTEM


def test_a_model_that_was_made_without_versions_has_the_type_of_its_first_one(house):
    assets, owner = AssetService(), house.default
    with house.works.write(SYSTEM) as work:
        assets.put_container(work, owner, "models", "m", AssetContainer(name="m", description="flowers"))

        assets.register(work, owner, "models", "m", None, Model(path="https://x.test/m", type="mlflow_model"))

        found = assets.container(work, owner, "models", "m").entity.document()
        assert (found["type"], found["description"], found["latest_version"]) == ("mlflow_model", "flowers", "1")


def test_an_environment_whose_name_begins_like_a_curated_one_is_its_makers_from_version_1(house):
    assets, owner = AssetService(), house.default
    assets.curated = lambda scope, kind, name: curated.find(scope, kind, name, hub="")
    with house.works.write(SYSTEM) as work:
        for name in ("sklearn-training", "pytorch"):
            with pytest.raises(NotFound):
                assets.resolve(work, owner, "environments", f"azureml:{name}:1")
            assert assets.register(work, owner, "environments", name, None, Environment(image="mine")).version == "1"
            assert assets.resolve(work, owner, "environments", f"azureml:{name}@latest").entity.image == "mine"

        for given in (
            "azureml:AzureML-sklearn-1.5:1",
            "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        ):
            assert "curated/sklearn-1.5" in assets.resolve(work, owner, "environments", given).entity.image
