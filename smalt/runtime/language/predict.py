"""Answers every line of test data with a model, the likeliest way, so that the same model answers the same again."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from smalt.runtime.language import model_folder, options, records

_CHAT = ("chat-completion", "chat_completion")


def main(given: argparse.Namespace) -> None:
    """Write a line of prediction and a line of what is right for each line of the data."""
    import torch
    import transformers

    folder = model_folder.ModelFolder(given.mlflow_model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder.tokenizer, local_files_only=True, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    network = transformers.AutoModelForCausalLM.from_pretrained(
        folder.weights, local_files_only=True, use_safetensors=True, dtype="float32"
    )
    network.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    asked = [_asked(document, given, tokenizer) for _, document in records.lines(given.test_data)]
    said: list[str] = []
    for first in range(0, len(asked), given.batch_size):
        questions = [question for question, _ in asked[first : first + given.batch_size]]
        said += _answers(network, tokenizer, questions, given.max_new_tokens)
    _write(given.predictions, "prediction", said)
    _write(given.ground_truth, "ground_truth", [truth for _, truth in asked])
    print(f"{len(asked)} lines were answered.", flush=True)


def _write(path: str, column: str, texts: Sequence[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps({column: text}) + "\n" for text in texts)


def _asked(document: Mapping[str, Any], given: argparse.Namespace, tokenizer: Any) -> tuple[str, str]:
    """What the model is asked for a line, and what is right."""
    if given.task in _CHAT:
        *before, last = document["messages"]
        if last["role"] != "assistant":
            before, last = document["messages"], {"content": str(document.get(given.label_column_name) or "")}
        question = tokenizer.apply_chat_template(before, tokenize=False, add_generation_prompt=True)
        return str(question), str(last["content"])
    column = (given.input_column_names or "text").split(",")[0].strip()
    if column not in document:
        raise options.CannotTrain(f"A line has no {column!r}. Say in input_column_names where the text is.")
    return str(document[column]), str(document.get(given.label_column_name or "label") or "")


def _answers(network: Any, tokenizer: Any, questions: Sequence[str], most: int) -> list[str]:
    import torch

    tokens = tokenizer(list(questions), return_tensors="pt", padding=True, add_special_tokens=False).to(network.device)
    with torch.inference_mode():
        told = network.generate(**tokens, max_new_tokens=most, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    return list(tokenizer.batch_decode(told[:, tokens["input_ids"].shape[1] :], skip_special_tokens=True))


if __name__ == "__main__":
    reader = options.parser(
        __doc__,
        ["task", "test_data", "mlflow_model", "predictions", "ground_truth"],
        ["label_column_name", "input_column_names"],
    )
    reader.add_argument("--batch_size", type=int, default=8)
    reader.add_argument("--max_new_tokens", type=int, default=128)
    try:
        main(reader.parse_args())
    except (options.CannotTrain, model_folder.NoModel) as failure:
        sys.exit(str(failure))
