"""Makes the models that the tests serve, and what MLflow itself predicts with them; runs in their environment."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import mlflow
import numpy as np
import onnx
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


class Adding(mlflow.pyfunc.PythonModel):
    """Adds a parameter to a column of arrays and shows the text beside it."""

    def predict(self, context, model_input, params=None):
        return [f"{row['word']}:{sum(row['numbers']) + params['more']}" for _, row in model_input.iterrows()]


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    features, target = load_iris(return_X_y=True, as_frame=True)
    iris = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(features, target)
    mlflow.sklearn.save_model(
        iris,
        folder / "iris",
        signature=infer_signature(features, iris.predict(features)),
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    expected = mlflow.pyfunc.load_model(folder / "iris").predict(features).tolist()
    asked = {"columns": list(features.columns), "data": features.to_numpy().tolist()}
    (folder / "iris.json").write_text(json.dumps({"asked": asked, "expected": expected}))

    people = pd.DataFrame(
        {"city": ["Rome", "Oslo", "Rome", "Bern"], "age": [20, 40, 60, 80], "height": [1.5, 1.6, 1.7, 1.8]}
    )
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough")
    mixed = make_pipeline(encoder, LinearRegression()).fit(people, [1.0, 2.0, 3.0, 4.0])
    mlflow.sklearn.save_model(
        mixed,
        folder / "people",
        signature=infer_signature(people),
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    expected = mlflow.pyfunc.load_model(folder / "people").predict(people).tolist()
    (folder / "people.json").write_text(json.dumps(expected))

    example = pd.DataFrame({"word": ["a"], "numbers": [[1.0, 2.0]]})
    signature = infer_signature(example, ["a:3.0"], params={"more": 0.5})
    mlflow.pyfunc.save_model(folder / "adding", python_model=Adding(), signature=signature, pip_requirements=["mlflow"])

    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 2])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, 2])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "x"], ["y"])], "double", [x], [y])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    array = np.zeros((1, 2), dtype="float32")
    mlflow.onnx.save_model(
        model, folder / "onnx", signature=infer_signature(array, array), pip_requirements=["onnxruntime"]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
