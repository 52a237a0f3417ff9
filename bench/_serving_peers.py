"""What the peers serve: trains the model in a folder, and writes their entry points beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("BENCH_FOLDER", "."))

SCRIPT = """
import json, os
import joblib
import numpy
def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))
def run(raw_data):
    return model.predict(numpy.array(json.loads(raw_data)["data"])).tolist()
def run_batch(texts):
    tables = [numpy.array(json.loads(each)["data"]) for each in texts]
    found = model.predict(numpy.concatenate(tables)).tolist()
    answers, start = [], 0
    for each in tables:
        answers.append(found[start:start + len(each)])
        start += len(each)
    return answers
"""

BENTO = """
import os
import bentoml
import joblib
import numpy
@bentoml.service(workers=2, traffic={"timeout": 10, "max_concurrency": 1000})
class Iris:
    def __init__(self):
        self.model = joblib.load(os.path.join(os.environ["BENCH_FOLDER"], "model.joblib"))
    @bentoml.api
    def predict(self, data: list[list[float]]) -> list[int]:
        return self.model.predict(numpy.array(data)).tolist()
"""

RAY = """
import os
import joblib
import numpy
from ray import serve
@serve.deployment(num_replicas=2, max_ongoing_requests=100, ray_actor_options={"num_cpus": 0.5})
class Iris:
    def __init__(self):
        self.model = joblib.load(os.path.join(os.environ["BENCH_FOLDER"], "model.joblib"))
    async def __call__(self, request):
        asked = await request.json()
        return self.model.predict(numpy.array(asked["data"])).tolist()
app = Iris.bind()
"""


def make(folder: Path) -> None:
    """The model twice: as a file for scripts, as an MLflow model; and the scripts around it."""
    import joblib
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    features, target = load_iris(return_X_y=True, as_frame=True)
    joblib.dump(LogisticRegression(max_iter=500).fit(features.to_numpy(), target), folder / "model.joblib")
    named = LogisticRegression(max_iter=500).fit(features, target)
    mlflow.sklearn.save_model(
        named,
        folder / "mlflow",
        signature=infer_signature(features, named.predict(features)),
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    (folder / "score.py").write_text(SCRIPT)
    (folder / "bento.py").write_text(BENTO)
    (folder / "rayapp.py").write_text(RAY)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
