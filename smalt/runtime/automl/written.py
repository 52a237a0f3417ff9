"""What a trial leaves: metrics, params and tags of its run, and its model in MLflow's form."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MODEL = "mlflow-model"
_MOST_TAG = 4000


def log(*, metrics: Mapping[str, float] | None = None, params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None, charts: Mapping[str, Mapping[str, Any]] | None = None,
        ) -> None:  # Any: numbers, words, JSON  # fmt: skip
    """Write to the run of this child; a chart is an artifact of its name."""
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.tracking import MlflowClient

    client, run = MlflowClient(), os.environ["MLFLOW_RUN_ID"]
    for name, document in (charts or {}).items():
        client.log_text(run, json.dumps(document), name)
    client.log_batch(
        run,
        metrics=[Metric(name, value, 0, 0) for name, value in (metrics or {}).items()],
        params=[Param(name, str(value)) for name, value in (params or {}).items()],
        tags=[RunTag(name, value[:_MOST_TAG]) for name, value in (tags or {}).items()],
    )


def save_model(model: Any, table: Any, folder: Path) -> None:  # Any: a model and a DataFrame
    """Write a model with its signature and an example of its input; it loads where smalt is not installed."""
    import cloudpickle
    import mlflow.sklearn
    from mlflow.models import Model, infer_signature

    import smalt.runtime.automl

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    cloudpickle.register_pickle_by_value(smalt.runtime.automl)
    example = table.head(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of whole numbers, which cannot be missing when the model is asked
        mlflow.sklearn.save_model(
            model,
            str(folder),
            # Scripts read from the model which run it belongs to, to register it from there.
            mlflow_model=Model(artifact_path=f"outputs/{MODEL}", run_id=os.environ.get("MLFLOW_RUN_ID")),
            serialization_format="cloudpickle",
            signature=infer_signature(example, model.predict(example)),
            input_example=example,
            pip_requirements=_requirements(),
        )


def load_model(folder: Path) -> Any:  # Any: a model
    """The model that `save_model` wrote. Its bytes come from a trial of the same job."""
    import mlflow.sklearn

    return mlflow.sklearn.load_model(str(folder))


def _requirements() -> list[str]:
    from importlib.metadata import version

    modules = {"lightgbm": "lightgbm", "xgboost": "xgboost-cpu", "statsmodels": "statsmodels", "holidays": "holidays"}
    used = ["mlflow-skinny", "cloudpickle", "numpy", "pandas", "scikit-learn"]
    used += [name for module, name in modules.items() if module in sys.modules]
    return [f"{name}=={version(name)}" for name in used]
