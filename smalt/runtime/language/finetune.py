"""The third step of fine-tuning: training, with adapters or in full, from the last checkpoint where there is one."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import json
import math
import random
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from smalt.runtime.language import model_folder, options, tracked

CHECKPOINTS = "checkpoints"
_PADDING = {"input_ids": 0, "labels": -100, "attention_mask": 0}


class Trainer:
    """Trains one model.

    Args:
        given: The options.
        network: The model, with adapters where those are trained.
        rank: Which process this is; only the first writes.
        count: How many there are.
    """

    def __init__(self, given: argparse.Namespace, network: Any, rank: int, count: int) -> None:
        import torch

        self._given = given
        self._rank = rank
        self._count = count
        self.network = network
        self._train = _sequences(os.path.join(given.data, "train.jsonl"))
        held = os.path.join(given.data, "validation.jsonl")
        self._held = _sequences(held) if os.path.isfile(held) else []
        self._wrapped = network
        if count > 1:
            self._wrapped = torch.nn.parallel.DistributedDataParallel(network)
        per_epoch = self._given.per_device_train_batch_size * count * given.gradient_accumulation_steps
        self.steps_per_epoch = max(1, math.ceil(len(self._train) / per_epoch))
        wanted = given.max_steps if given.max_steps > 0 else math.ceil(self.steps_per_epoch * given.num_train_epochs)
        self.steps = max(1, wanted)
        self._optimizer = _optimizer(given, network)
        self._schedule = _schedule(given, self._optimizer, self.steps)
        self.step = 0
        self._best = math.inf
        self._without_gain = 0

    def run(self) -> None:
        """Train until all steps are done, or held-out data says that more makes it worse."""
        if self._given.resume_from_checkpoint:
            self._resume()
        for epoch in range(self.step // self.steps_per_epoch, math.ceil(self.steps / self.steps_per_epoch)):
            batches = list(self._batches(epoch))
            first = self.step - epoch * self.steps_per_epoch
            for group in batches[first:]:
                if self.step >= self.steps:
                    break
                loss = self._take_step(group)
                self._tell(loss)
                if self._given.evaluation_strategy == "steps" and self.step % self._given.eval_steps == 0:
                    self._evaluate()
            if self._given.evaluation_strategy == "epoch":
                self._evaluate()
            self._save()
            if self._is_enough():
                print("Held-out data gets no better; training ends early.", flush=True)
                return

    def _batches(self, epoch: int) -> Iterator[list[list[dict[str, Any]]]]:
        """What each step learns from in this process: a batch for each time that gradients are added up."""
        order = list(range(len(self._train)))
        random.Random(f"{self._given.seed}/{epoch}").shuffle(order)  # noqa: S311  (no secret)
        # Every process must take as many steps as the others, or those wait for it for ever.
        while len(order) % self._count:
            order.append(order[len(order) % len(self._train)])
        mine = order[self._rank :: self._count]
        size, times = self._given.per_device_train_batch_size, self._given.gradient_accumulation_steps
        batches = [[self._train[place] for place in mine[first : first + size]] for first in range(0, len(mine), size)]
        for first in range(0, len(batches), times):
            yield batches[first : first + times]

    def _take_step(self, group: Sequence[list[dict[str, Any]]]) -> float:
        import torch

        self._wrapped.train()
        total = 0.0
        for batch in group:
            with self._precision():
                loss = self._wrapped(**self._tensors(batch)).loss / len(group)
            loss.backward()
            total += float(loss.detach())
        if self._given.max_grad_norm > 0:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._given.max_grad_norm)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        self.step += 1
        if not math.isfinite(total):
            raise options.CannotTrain(f"The loss is {total} at step {self.step}. Lower learning_rate.")
        return total

    def _evaluate(self) -> None:
        import torch

        if not self._held or self._rank:
            return
        self.network.eval()
        total = count = 0.0
        with torch.inference_mode():
            for first in range(0, len(self._held), self._given.per_device_eval_batch_size):
                batch = self._held[first : first + self._given.per_device_eval_batch_size]
                tokens = sum(label != _PADDING["labels"] for each in batch for label in each["labels"][1:])
                total += float(self.network(**self._tensors(batch)).loss) * tokens
                count += tokens
        loss = total / max(count, 1)
        tracked.metrics({"eval_loss": loss, "eval_perplexity": math.exp(min(loss, 50))}, self.step)
        gains = loss < self._best - self._given.early_stopping_threshold
        self._without_gain = 0 if gains else self._without_gain + 1
        self._best = min(self._best, loss)

    def _is_enough(self) -> bool:
        return bool(self._given.apply_early_stopping) and self._without_gain >= self._given.early_stopping_patience

    def _tell(self, loss: float) -> None:
        if not self._rank and (self.step % self._given.logging_steps == 0 or self.step == self.steps or self.step == 1):
            values = {"loss": loss, "learning_rate": self._schedule.get_last_lr()[0]}
            tracked.metrics({**values, "epoch": self.step / self.steps_per_epoch}, self.step)

    def _save(self) -> None:
        """Write all that is needed to go on; whole, or not at all."""
        import torch

        if self._rank:
            return
        root = os.path.join(self._given.output, CHECKPOINTS)
        folder = os.path.join(root, f"step-{self.step:08d}")
        partial = f"{folder}.part"
        os.makedirs(partial, exist_ok=True)
        state = {
            "step": self.step, "best": self._best, "without_gain": self._without_gain,
            "optimizer": self._optimizer.state_dict(), "schedule": self._schedule.state_dict(),
            "network": {name: value for name, value in self.network.state_dict().items()
                        if name in self._learned or not self._given.apply_lora},
            "random": torch.get_rng_state(),
        }  # fmt: skip
        torch.save(state, os.path.join(partial, "state.pt"))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial, folder)
        kept = self._given.save_total_limit if self._given.save_total_limit > 0 else 1
        for old in sorted(os.listdir(root))[:-kept]:
            shutil.rmtree(os.path.join(root, old), ignore_errors=True)

    def _resume(self) -> None:
        import torch

        root = os.path.join(self._given.output, CHECKPOINTS)
        found = sorted(name for name in os.listdir(root) if not name.endswith(".part")) if os.path.isdir(root) else []
        if not found:
            print("There is no checkpoint to go on from; training begins anew.", flush=True)
            return
        # Tensors and numbers only: a checkpoint is data, and must not run code.
        state = torch.load(os.path.join(root, found[-1], "state.pt"), weights_only=True, map_location="cpu")
        self.network.load_state_dict(state["network"], strict=not self._given.apply_lora)
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        self.step, self._best, self._without_gain = state["step"], state["best"], state["without_gain"]
        print(f"Training goes on from step {self.step}.", flush=True)

    @property
    def _learned(self) -> set[str]:
        return {name for name, value in self.network.named_parameters() if value.requires_grad}

    def _precision(self) -> Any:
        import contextlib

        import torch

        if self._given.precision == 16:
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def _tensors(self, batch: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        width = max(len(each["input_ids"]) for each in batch)
        rows = [{**each, "attention_mask": [1] * len(each["input_ids"])} for each in batch]
        return {
            name: torch.tensor(
                [[*row[name], *[padding] * (width - len(row[name]))] for row in rows], device=self.network.device
            )
            for name, padding in _PADDING.items()
        }


def main(given: argparse.Namespace) -> None:
    """Train, and write the model."""
    import torch
    import transformers

    options.refuse(given, gpus=torch.cuda.device_count())
    rank, count = options.place()
    torch.manual_seed(given.seed)
    torch.use_deterministic_algorithms(given.enable_full_determinism)
    if count > 1:
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    folder = model_folder.ModelFolder(given.model)
    network = transformers.AutoModelForCausalLM.from_pretrained(
        folder.weights, local_files_only=True, use_safetensors=True, dtype="float32"
    )
    if torch.cuda.is_available():
        network.to(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    if given.apply_lora:
        network = _with_adapters(given, network)
    learned = sum(value.numel() for value in network.parameters() if value.requires_grad)
    print(f"{learned} of {sum(value.numel() for value in network.parameters())} numbers are trained.", flush=True)
    trainer = Trainer(given, network, rank, count)
    if not rank:
        tracked.params({name: value for name, value in vars(given).items() if name not in ("model", "data", "output")})
    trainer.run()
    if not rank:
        _write(given, trainer.network, folder)
    if count > 1:
        torch.distributed.destroy_process_group()
        _leave()


def _leave() -> None:
    """End this process now, with everything written.

    Taking the network apart can wait for ever: it joins a thread of PyTorch's process group while it holds the
    interpreter, which that thread wants before it ends.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _with_adapters(given: argparse.Namespace, network: Any) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    settings = LoraConfig(
        task_type=TaskType.CAUSAL_LM, r=given.lora_r, lora_alpha=given.lora_alpha, lora_dropout=given.lora_dropout
    )
    return get_peft_model(network, settings)


def _write(given: argparse.Namespace, network: Any, folder: model_folder.ModelFolder) -> None:
    """Write the model as a folder of transformers; adapters become a part of it, and may also be kept beside it."""
    from transformers import AutoTokenizer

    if given.apply_lora:
        if not given.merge_lora_weights:
            network.save_pretrained(os.path.join(given.output, "adapter"))
            print("The adapter is kept in adapter/; what is registered has it in its weights.", flush=True)
        network = network.merge_and_unload()
    network.save_pretrained(given.output, safe_serialization=True)
    AutoTokenizer.from_pretrained(folder.tokenizer, local_files_only=True).save_pretrained(given.output)


def _sequences(path: str) -> list[dict[str, Any]]:
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _optimizer(given: argparse.Namespace, network: Any) -> Any:
    import torch
    import transformers

    learned = [value for value in network.parameters() if value.requires_grad]
    if given.optim == "adafactor":
        return transformers.optimization.Adafactor(
            learned, lr=given.learning_rate, weight_decay=given.weight_decay, relative_step=False, scale_parameter=False
        )
    betas = (given.adam_beta1, given.adam_beta2)
    return torch.optim.AdamW(
        learned, lr=given.learning_rate, betas=betas, eps=given.adam_epsilon, weight_decay=given.weight_decay
    )


def _schedule(given: argparse.Namespace, optimizer: Any, steps: int) -> Any:
    from transformers import get_scheduler

    return get_scheduler(
        given.lr_scheduler_type, optimizer, num_warmup_steps=given.warmup_steps, num_training_steps=steps
    )


if __name__ == "__main__":
    try:
        main(options.training().parse_args())
    except (options.CannotTrain, model_folder.NoModel) as failure:
        sys.exit(str(failure))
