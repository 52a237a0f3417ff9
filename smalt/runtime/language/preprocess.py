"""The second step of fine-tuning: lines of data become tokens, with what is to be learned marked."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import json
from collections.abc import Mapping
from typing import Any

from smalt.runtime.language import model_folder, options, records

NOT_LEARNED = -100
"""The label of a token that is context only."""


def main(given: argparse.Namespace) -> None:
    """Write `train.jsonl` and `validation.jsonl` of tokens."""
    from transformers import AutoTokenizer

    folder = model_folder.ModelFolder(given.model)
    tokenizer = AutoTokenizer.from_pretrained(folder.tokenizer, local_files_only=True)
    room = folder.config.get("max_position_embeddings") or folder.config.get("n_positions") or 2048
    longest = min(room, given.max_seq_length) if given.max_seq_length > 0 else room
    for word, path in (("train", given.train), ("validation", given.validation)):
        if path:
            _write(os.path.join(given.output, f"{word}.jsonl"), path, given, tokenizer, longest)


def _write(target: str, path: str, given: argparse.Namespace, tokenizer: Any, longest: int) -> None:
    count = cut = 0
    with open(target, "w", encoding="utf-8") as file:
        for _, document in records.lines(path):
            tokens, labels = _tokens(document, given, tokenizer)
            cut += len(tokens) > longest
            tokens, labels = tokens[:longest], labels[:longest]
            if any(label != NOT_LEARNED for label in labels):
                file.write(json.dumps({"input_ids": tokens, "labels": labels}) + "\n")
                count += 1
    if not count:
        raise options.CannotTrain(f"Nothing of {path} is left to learn within {longest} tokens. Raise max_seq_length.")
    print(f"{os.path.basename(target)}: {count} sequences, {cut} of them cut at {longest} tokens.", flush=True)


def _tokens(document: Mapping[str, Any], given: argparse.Namespace, tokenizer: Any) -> tuple[list[int], list[int]]:
    if given.task == "chat_completion":
        return _conversation(document, tokenizer)
    end = [tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else []
    question = list(tokenizer(document[given.text_key])["input_ids"])
    if not given.ground_truth_key:
        return [*question, *end], [*question, *end]
    answer = [*tokenizer(document[given.ground_truth_key], add_special_tokens=False)["input_ids"], *end]
    return [*question, *answer], [*[NOT_LEARNED] * len(question), *answer]


def _conversation(document: Mapping[str, Any], tokenizer: Any) -> tuple[list[int], list[int]]:
    """A conversation, of which what the assistant says is learned: what each of its messages adds to those before."""
    messages, tools = document["messages"], document.get("tools")
    tokens: list[int] = []
    labels: list[int] = []
    for number, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = _text(tokenizer, messages[:number], tools, asks=True)
        after = _text(tokenizer, messages[: number + 1], tools, asks=False)
        if not after.startswith(before):
            before = _text(tokenizer, messages[:number], tools, asks=False)
        context = _ids(tokenizer, before)
        answer = _ids(tokenizer, after[len(before) :]) if after.startswith(before) else []
        tokens = [*context, *answer]
        labels = [*labels, *[NOT_LEARNED] * (len(context) - len(labels)), *answer][: len(tokens)]
    return tokens, labels


def _text(tokenizer: Any, messages: list[dict[str, Any]], tools: Any, *, asks: bool) -> str:
    return str(tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, add_generation_prompt=asks))


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


if __name__ == "__main__":
    reader = options.parser(
        __doc__, ["model", "train", "task", "output"], ["validation", "text_key", "ground_truth_key"]
    )
    reader.add_argument("--max_seq_length", type=int, default=-1)
    try:
        main(reader.parse_args())
    except (options.CannotTrain, model_folder.NoModel) as failure:
        sys.exit(str(failure))
