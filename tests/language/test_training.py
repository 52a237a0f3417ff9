"""Training goes on where it stopped, adds up over processes, and says what it cannot do."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest

import smalt.runtime
from smalt.runtime.language import options, records
from smalt.runtime.language.options import CannotTrain
from tests.language.models import language_python, make_models, variables

SCRIPTS = Path(smalt.runtime.__file__).parent / "language"
TRAINING = ["--apply_lora", "true", "--learning_rate", "0.01", "--per_device_train_batch_size", "2"]
LINE = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "I am fine."}]}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and lines made tokens for it."""
    folder = tmp_path_factory.mktemp("training")
    make_models(folder)
    (folder / "lines.jsonl").write_text("".join(json.dumps(LINE) + "\n" for _ in range(8)))
    (folder / "tokens").mkdir()
    run("preprocess.py", folder, "--train", folder / "lines.jsonl", "--task", "chat_completion",
        "--output", folder / "tokens")  # fmt: skip
    return folder


def run(script: str, folder: Path, *words: object, ranks: int = 1, status: int = 0) -> str:
    """The output of a script in as many processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        subprocess.Popen(
            [language_python(), str(SCRIPTS / script), "--model", str(folder / "chat"), *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**variables(), "RANK": str(rank), "WORLD_SIZE": str(ranks), "LOCAL_RANK": str(rank),
                 "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
                 # Several share no GPU, and there may be only one.
                 **({"CUDA_VISIBLE_DEVICES": ""} if ranks > 1 else {})},
        )
        for rank in range(ranks)
    ]  # fmt: skip
    texts = [each.communicate(timeout=200)[0] for each in started]
    assert {bool(each.returncode) for each in started} == {bool(status)}, texts
    return texts[0]


def test_only_what_the_assistant_says_is_learned(data):
    first = json.loads((data / "tokens" / "train.jsonl").read_text().splitlines()[0])

    context = [label == -100 for label in first["labels"]]

    assert context == sorted(context, reverse=True)
    assert 0 < context.count(True) < len(context)


def test_training_goes_on_from_its_last_checkpoint(data, tmp_path):
    words = ["--data", data / "tokens", "--output", tmp_path, *TRAINING]
    run("finetune.py", data, *words, "--num_train_epochs", "1")

    log = run("finetune.py", data, *words, "--num_train_epochs", "2", "--resume_from_checkpoint", "true")

    assert "Training goes on from step 4." in log
    assert "step 8: loss" in log
    assert (tmp_path / "model.safetensors").exists()


def test_processes_share_the_lines_and_one_of_them_writes(data, tmp_path):
    words = ["--data", data / "tokens", "--output", tmp_path, *TRAINING]

    log = run("finetune.py", data, *words, ranks=2)

    assert "step 2: loss" in log  # 8 lines, 2 at a time in each of 2 processes
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000002"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("apply_deepspeed", True),
        ("apply_ort", True),
        ("precision", 16),
        ("precision", 8),
        ("auto_find_batch_size", True),
    ],
)
def test_what_needs_other_machines_is_said_before_training(option, value):
    given = options.training().parse_args(["--model", "m", "--data", "d", "--output", "o"])
    setattr(given, option, value)

    with pytest.raises(CannotTrain, match=option):
        options.refuse(given, gpus=0)


def test_more_processes_than_gpus_are_refused_as_they_would_wait_for_one_another(monkeypatch):
    given = options.training().parse_args(["--model", "m", "--data", "d", "--output", "o"])
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")

    options.refuse(given, gpus=0)
    options.refuse(given, gpus=2)
    with pytest.raises(CannotTrain, match=r"process_count_per_instance is 2, .* this machine has 1\. Write 1"):
        options.refuse(given, gpus=1)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("[]", "no JSON object"),
        ("{}", "no `messages`"),
        ('{"messages": [{"role": "user", "content": "x"}]}', "nothing to learn"),
        ('{"messages": [{"role": "owner", "content": "x"}]}', "a message whose role"),
        ("", "has no lines"),
    ],
)
def test_lines_that_cannot_be_trained_with_are_named(tmp_path, line, word):
    path = tmp_path / "lines.jsonl"
    path.write_text(line)

    with pytest.raises(CannotTrain, match=word):
        records.check(str(path), "chat_completion", text_key=None, ground_truth_key=None)
