"""The last step of fine-tuning: the trained folder becomes a model as MLflow has it, served as its base model is."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import json
import shutil
import tempfile

from smalt.runtime.language import model_folder, options, packaging
from smalt.runtime.language.model_folder import CHAT, GENERATION

_TASKS = {"chat_completion": CHAT, "text_completion": GENERATION}
_NOT_OF_MODEL = ("checkpoints", "adapter", "*.pt", "*.bin")


def main(given: argparse.Namespace) -> None:
    """Write the model."""
    base = model_folder.ModelFolder(given.model)
    metadata = base.mlmodel.get("metadata") or {}
    with tempfile.TemporaryDirectory() as room:
        # What training needed beside the model is no part of it.
        clean = os.path.join(room, "model")
        shutil.copytree(given.trained, clean, ignore=shutil.ignore_patterns(*_NOT_OF_MODEL))
        packaging.check(clean)
        packaging.package(
            clean,
            given.output,
            name=base.name,
            task=_TASKS.get(given.task, given.task),
            conda=json.loads(os.environ["SMALT_LANGUAGE_CONDA"]),
            facts={"is_finetuned_model": True, **({"license": metadata["license"]} if metadata.get("license") else {})},
        )
    print(f"The trained {base.name} is written.", flush=True)


if __name__ == "__main__":
    try:
        main(options.parser(__doc__, ["model", "trained", "task", "output"]).parse_args())
    except (options.CannotTrain, model_folder.NoModel, packaging.BadModel) as failure:
        sys.exit(str(failure))
