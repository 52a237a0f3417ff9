"""The five steps in Python. Change `smalt` to `azure.ai.ml` in the imports, and it runs with the official SDK.

Run: python pipeline.py [ALPHA]
"""

import sys
from pathlib import Path

from smalt import MLClient, load_component
from smalt.dsl import pipeline

COMPONENTS = Path(__file__).parent / "components"
prepare, transform, train, predict, score = (
    load_component(COMPONENTS / f"{name}.yml") for name in ("prepare", "transform", "train", "predict", "score")
)


@pipeline(default_compute="local", experiment_name="regression")
def regression(held_out: float = 0.25, alpha: float = 1.0):
    """Prepare, transform, train, predict and score."""
    study = prepare()
    parts = transform(table=study.outputs.table, held_out=held_out)
    model = train(training=parts.outputs.training, alpha=alpha)
    predicted = predict(model=model.outputs.model, testing=parts.outputs.testing)
    judged = score(predictions=predicted.outputs.predictions)
    return {"model": model.outputs.model, "report": judged.outputs.report}


if __name__ == "__main__":
    client = MLClient()
    submitted = client.jobs.create_or_update(regression(alpha=float(sys.argv[1]) if sys.argv[1:] else 1.0))
    client.jobs.stream(submitted.name)
