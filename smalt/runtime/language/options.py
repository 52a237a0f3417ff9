"""Options of the steps of fine-tuning, as their components pass them, and what cannot be honoured here."""

from __future__ import annotations

import argparse
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class CannotTrain(ValueError):
    """The data, the model or an option does not allow it; the message says what to change."""


def flag(text: str) -> bool:
    """`true` or `false` in any case."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def parser(
    description: str | None, required: Sequence[str] = (), optional: Sequence[str] = ()
) -> argparse.ArgumentParser:
    """A parser of `--name value` pairs; further ones are added by the script."""
    made = argparse.ArgumentParser(description=description)
    for name in required:
        made.add_argument(f"--{name}", required=True)
    for name in optional:
        made.add_argument(f"--{name}")
    return made


def training() -> argparse.ArgumentParser:
    """Options of training, with the defaults of the components of Azure's registry."""
    made = parser("Trains a language model further.", ["model", "data", "output"])
    for name, default in (("num_train_epochs", 1.0), ("learning_rate", 2e-5), ("weight_decay", 0.0),
                          ("adam_beta1", 0.9), ("adam_beta2", 0.999), ("adam_epsilon", 1e-8), ("lora_dropout", 0.0),
                          ("max_grad_norm", 1.0), ("early_stopping_threshold", 0.0)):  # fmt: skip
        made.add_argument(f"--{name}", type=float, default=default)
    for count, number in (("max_steps", -1), ("per_device_train_batch_size", 1), ("per_device_eval_batch_size", 1),
                          ("warmup_steps", 0), ("gradient_accumulation_steps", 1), ("seed", 42), ("eval_steps", 500),
                          ("logging_steps", 10), ("save_total_limit", -1), ("lora_alpha", 128), ("lora_r", 8),
                          ("early_stopping_patience", 1), ("precision", 32)):  # fmt: skip
        made.add_argument(f"--{count}", type=int, default=number)
    for name, is_on in (("apply_lora", False), ("merge_lora_weights", True), ("resume_from_checkpoint", False),
                        ("apply_early_stopping", False), ("apply_deepspeed", False), ("apply_ort", False),
                        ("auto_find_batch_size", False), ("enable_full_determinism", False)):  # fmt: skip
        made.add_argument(f"--{name}", type=flag, default=is_on)
    for name, word, known in (
        ("optim", "adamw_torch", ("adamw_torch", "adafactor")),
        ("lr_scheduler_type", "linear", ("linear", "cosine", "cosine_with_restarts", "polynomial", "constant",
                                         "constant_with_warmup")),
        ("evaluation_strategy", "epoch", ("epoch", "steps", "disable")),
        ("metric_for_best_model", "loss", ("loss",)),
    ):  # fmt: skip
        made.add_argument(f"--{name}", choices=known, default=word)
    return made


def refuse(options: argparse.Namespace, *, gpus: int) -> None:
    """Return when all of it can be done on a machine with so many GPUs.

    Raises:
        CannotTrain: Something cannot be done here.
    """
    if options.apply_deepspeed:
        raise CannotTrain("apply_deepspeed is true, and DeepSpeed is not in this environment. Leave it out; LoRA "
                          "(apply_lora) also takes little memory.")  # fmt: skip
    if options.apply_ort:
        raise CannotTrain("apply_ort is true, and ONNX Runtime training is not in this environment. Leave it out.")
    if options.precision not in (16, 32):
        raise CannotTrain(f"precision is {options.precision}. Write 32 or 16.")
    if options.precision == 16 and not gpus:
        raise CannotTrain("precision is 16, and this machine has no GPU: half precision is slower on processors and "
                          "less exact. Write 32.")  # fmt: skip
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if 0 < gpus < processes:  # One that has none would end, and the others wait for it for half an hour.
        raise CannotTrain(f"process_count_per_instance is {processes}, and each process takes a GPU of its own: "
                          f"this machine has {gpus}. Write {gpus}.")  # fmt: skip
    if options.auto_find_batch_size:
        raise CannotTrain("auto_find_batch_size is not supported. Set per_device_train_batch_size.")


def place() -> tuple[int, int]:
    """Which process of a distributed job this is, and how many there are."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
