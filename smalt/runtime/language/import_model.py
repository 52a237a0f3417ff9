"""Brings a model in: fetched or found, looked at, and written as MLflow has it. The job's output registers it."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import json
import tempfile
from collections.abc import Mapping
from typing import Any

from smalt.runtime.language import hub, packaging


def main(settings: Mapping[str, Any]) -> None:  # Any: JSON
    """Do what the settings say."""
    facts = {"license": settings["license"]}
    with tempfile.TemporaryDirectory() as room:
        source = settings["source"]
        if settings["hub"] is not None:
            source, told = room, settings["hub"]
            print(f"Fetching {told['id']} from {told['address']}.", flush=True)
            place = hub.Hub(told["address"], os.environ.get("HF_TOKEN"))
            facts["hub_commit"] = place.fetch(told["id"], told["revision"], room)
        packaging.check(source)
        if settings["loads"]:
            _load(source, settings["task"])
        packaging.package(
            source,
            settings["target"],
            name=settings["name"],
            task=settings["task"],
            conda=settings["conda"],
            facts={key: value for key, value in facts.items() if value},
        )
    print(f"The model {settings['name']} is written; its checksums are in {packaging.SUMS}.", flush=True)


def _load(source: str, task: str) -> None:
    """Load the model once, so that one that does not fit is known now."""
    import transformers

    from smalt.runtime.language.model_folder import ModelFolder

    folder = ModelFolder(source)
    kinds = {"chat-completion": "AutoModelForCausalLM", "text-generation": "AutoModelForCausalLM"}
    kind = getattr(transformers, kinds.get(task, "AutoModel"))
    kind.from_pretrained(folder.weights, local_files_only=True, use_safetensors=True)
    transformers.AutoTokenizer.from_pretrained(folder.tokenizer, local_files_only=True)
    print("The model was loaded.", flush=True)


if __name__ == "__main__":
    try:
        main(json.loads(os.environ["SMALT_IMPORT"]))
    except (hub.HubFailure, packaging.BadModel) as failure:
        sys.exit(str(failure))
