"""A registry of models for MLflow, which registers folders of the job as well.

MLflow sends the name of a folder and none of its files; on Azure a plugin uploads them, and scripts rely on that. This
one is found by the entry points in the folder beside it.
"""

from __future__ import annotations

import os
import urllib.parse
import urllib.request
import uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def make_store(store_uri: str | None = None, **options: Any) -> Any:  # Any: MLflow's, which is not installed here
    """The store that MLflow would take, with uploads."""
    from mlflow.tracking._model_registry import utils

    store = utils._get_rest_store(store_uri, **options)
    plain = type(store)

    class Uploading(plain):  # type: ignore[valid-type, misc]  # made from what MLflow has
        def create_model_version(self, name: str, source: str, *given: Any, **more: Any) -> Any:
            return super().create_model_version(name, uploaded(source), *given, **more)

    store.__class__ = Uploading
    return store


def uploaded(source: str) -> str:
    """Where the files of a model are: a folder of this machine is kept with the run of the job first."""
    run, folder = os.environ.get("MLFLOW_RUN_ID"), _folder(source)
    if run is None or folder is None:
        return source
    from mlflow import MlflowClient

    place = "registered/" + uuid.uuid4().hex
    MlflowClient().log_artifacts(run, folder, place)
    return f"runs:/{run}/{place}"


def _folder(source: str) -> str | None:
    path = urllib.request.url2pathname(urllib.parse.urlsplit(source).path) if source.startswith("file:") else source
    return path if os.path.isdir(path) else None
