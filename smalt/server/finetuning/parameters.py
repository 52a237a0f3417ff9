"""The parameters of fine-tuning under the names and with the defaults that components of Azure's registry have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIMIZERS = ("adamw_torch", "adafactor")
_SCHEDULES = ("linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup")

TRAINING: Mapping[str, Any] = {  # Any: numbers, words and truth values
    "apply_lora": False, "merge_lora_weights": True, "lora_alpha": 128, "lora_r": 8, "lora_dropout": 0.0,
    "num_train_epochs": 1.0, "max_steps": -1, "per_device_train_batch_size": 1, "per_device_eval_batch_size": 1,
    "auto_find_batch_size": False, "optim": "adamw_torch", "learning_rate": 2e-5, "warmup_steps": 0,
    "weight_decay": 0.0, "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-8,
    "gradient_accumulation_steps": 1, "lr_scheduler_type": "linear", "precision": 32, "seed": 42,
    "enable_full_determinism": False, "max_grad_norm": 1.0, "evaluation_strategy": "epoch", "eval_steps": 500,
    "logging_steps": 10, "metric_for_best_model": "loss", "resume_from_checkpoint": False, "save_total_limit": -1,
    "apply_early_stopping": False, "early_stopping_patience": 1, "early_stopping_threshold": 0.0,
    "apply_deepspeed": False, "apply_ort": False,
}  # fmt: skip
"""What the step that trains is told."""

WITHOUT_EFFECT: Mapping[str, Any] = {  # Any: as above
    "instance_type_model_import": "Standard_d12_v2", "instance_type_preprocess": "Standard_d12_v2",
    "instance_type_finetune": "Standard_nc24rs_v3", "instance_type_model_evaluation": "Standard_nc24rs_v3",
    "shm_size_finetune": "5g", "trust_remote_code": False, "batch_size": 1000, "pad_to_max_length": False,
    "dataloader_num_workers": 0, "eval_accumulation_steps": -1, "evaluation_steps_interval": 0.0,
    "logging_strategy": "steps", "ignore_mismatched_sizes": False, "deepspeed_stage": 2,
}  # fmt: skip
"""What pipelines of Azure may be given, and what changes nothing on one's own machines."""

COMPUTES = ("compute_model_import", "compute_preprocess", "compute_finetune", "compute_model_evaluation")
NODES, PROCESSES, LONGEST = "num_nodes_finetune", "number_of_gpu_to_use_finetuning", "max_seq_length"

_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "optim": _OPTIMIZERS, "lr_scheduler_type": _SCHEDULES, "evaluation_strategy": ("epoch", "steps", "disable"),
    "precision": (32, 16), "metric_for_best_model": ("loss",),
}  # fmt: skip


def declared(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:  # Any: a component's inputs
    """Parameters as the inputs of a component."""
    found: dict[str, dict[str, Any]] = {}
    for name, default in values.items():
        port: dict[str, Any] = {"type": _type_of(default), "default": default, "optional": True}
        if name in _CHOICES:
            port["enum"] = [*_CHOICES[name]]
        found[name] = port
    return found


def of_pipeline() -> dict[str, Any]:  # Any: as above
    """All parameters that a pipeline may be given."""
    computes = dict.fromkeys(COMPUTES, "serverless")
    return {**computes, **WITHOUT_EFFECT, NODES: 1, PROCESSES: 1, LONGEST: -1, **TRAINING}


def _type_of(default: object) -> str:
    if isinstance(default, bool):
        return "boolean"
    return {int: "integer", float: "number"}.get(type(default), "string")
