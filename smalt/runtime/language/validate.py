"""The first step of fine-tuning: look at the model and at every line of the data, before anything is computed."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import json

from smalt.runtime.language import model_folder, options, records


def main(given: argparse.Namespace) -> None:
    """Look, and write down what was found."""
    folder = model_folder.ModelFolder(given.model)
    counts = {}
    for word, path in (("train", given.train), ("validation", given.validation)):
        if path:
            counts[word] = records.check(
                path, given.task, text_key=given.text_key, ground_truth_key=given.ground_truth_key
            )
    if given.task == "chat_completion" and not _has_template(folder.tokenizer):
        raise options.CannotTrain("The model has no chat template, so it reads no messages. Use text_completion.")
    found = {"model": folder.name, "task": given.task, "lines": counts}
    with open(os.path.join(given.output, "validation.json"), "w", encoding="utf-8") as file:
        json.dump(found, file)
    print(f"The data can be trained with: {json.dumps(found)}", flush=True)


def _has_template(folder: str) -> bool:
    if os.path.isfile(os.path.join(folder, "chat_template.jinja")):
        return True
    path = os.path.join(folder, "tokenizer_config.json")
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return bool(json.loads(file.read()).get("chat_template"))


if __name__ == "__main__":
    reader = options.parser(
        __doc__, ["model", "train", "task", "output"], ["validation", "text_key", "ground_truth_key"]
    )
    try:
        main(reader.parse_args())
    except (options.CannotTrain, model_folder.NoModel) as failure:
        sys.exit(str(failure))
