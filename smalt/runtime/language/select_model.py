"""A step of fine-tuning: of the ways to name a model, takes the one that was used, as a plain folder."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import shutil

from smalt.runtime.language import hub, model_folder, options, packaging


def main(given: argparse.Namespace) -> None:
    """Bring the model."""
    named = [each for each in (given.huggingface_id, given.pytorch_model_path, given.mlflow_model_path) if each]
    if len(named) != 1:
        raise options.CannotTrain(
            f"{len(named)} models are named. Name one: mlflow_model_path, pytorch_model_path or huggingface_id."
        )
    if given.huggingface_id:
        address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
        hub.Hub(address, os.environ.get("HF_TOKEN")).fetch(given.huggingface_id, None, given.output)
    else:
        model_folder.ModelFolder(named[0])
        shutil.copytree(named[0], given.output, dirs_exist_ok=True, copy_function=_link)
    packaging.check(given.output)


def _link(source: str, target: str) -> str:
    try:
        os.link(os.path.realpath(source), target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return target


if __name__ == "__main__":
    reader = options.parser(__doc__, ["output"], ["huggingface_id", "pytorch_model_path", "mlflow_model_path"])
    try:
        main(reader.parse_args())
    except (options.CannotTrain, model_folder.NoModel, packaging.BadModel, hub.HubFailure) as failure:
        sys.exit(str(failure))
