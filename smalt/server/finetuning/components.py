"""The built-in components of fine-tuning, as registry `azureml` has them: pipelines, and the steps they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from smalt.entities.component import Component
from smalt.environments import LANGUAGE_IMAGE, language_conda
from smalt.server.finetuning.parameters import LONGEST, NODES, PROCESSES, TRAINING, declared, of_pipeline

Document = dict[str, Any]  # Any: a component's document

REGISTRY = "azureml://registries/azureml/components"
VERSION = "0.0.1"
_PLAIN: Document = {"image": "docker.io/python:3.11"}
_HEAVY: Document = {"image": LANGUAGE_IMAGE, "conda_file": language_conda()}
_KEYS = ("text_key", "ground_truth_key")
_FAMILIES = {"chat_completion": "chat_completion", "text_generation": "text_completion"}
"""Families of components, and the task of each."""


def find_component(name: str, *, hub: str) -> Component | None:
    """The built-in component of a name.

    Args:
        name: Its name.
        hub: Where a step that fetches a model finds it.
    """
    make = _made().get(name)
    if make is None:
        return None
    document = make()
    if document.get("fetches"):
        document = {**document, "environment_variables": {"HF_ENDPOINT": hub}}
    known = {key: value for key, value in document.items() if key != "fetches"}
    return Component.parse({**known, "name": name, "version": VERSION})


@cache
def _made() -> Mapping[str, Callable[[], Document]]:
    found: dict[str, Callable[[], Document]] = {
        "ft_nlp_common_validation": _validation,
        "ft_nlp_model_converter": _converter,
        "model_prediction": _prediction,
        "compute_metrics": _metrics,
    }
    for family, task in _FAMILIES.items():
        found |= {
            f"{family}_pipeline": lambda family=family, task=task: _pipeline(family, task),  # type: ignore[misc]  # bound
            f"{family}_model_import": _import,
            f"{family}_datapreprocess": lambda task=task: _preprocess(task),  # type: ignore[misc]  # bound
            f"{family}_finetune": _finetune,
        }
    return found


def _command(script: str, *, inputs: Document, outputs: Document, environment: Document, **more: Any) -> Document:
    required = [name for name, port in inputs.items() if not port.get("optional")]
    words = [f'--{name} "${{{{inputs.{name}}}}}"' for name in required]
    words += [f'$[[--{name} "${{{{inputs.{name}}}}}"]]' for name in inputs if name not in required]
    words += [f'--{name} "${{{{outputs.{name}}}}}"' for name in outputs]
    return {
        "type": "command",
        "inputs": inputs,
        "outputs": outputs,
        "environment": environment,
        "command": f'python "{{{{smalt:runtime}}}}/language/{script}" {" ".join(words)}',
        **more,
    }


def _file(*, optional: bool = False) -> Document:
    return {"type": "uri_file", "optional": True} if optional else {"type": "uri_file"}


def _texts(names: Iterable[str]) -> Document:
    return {name: {"type": "string", "optional": True} for name in names}


def _validation() -> Document:
    inputs = {"model": {"type": "uri_folder"}, "train": _file(), "validation": _file(optional=True),
              "task": {"type": "string"}, **_texts(_KEYS)}  # fmt: skip
    return _command(
        "validate.py",
        inputs=inputs,
        outputs={"output": {"type": "uri_folder"}},
        environment=_PLAIN,
        display_name="Validation",
        description="Looks at the model and at every line of the data.",
    )


def _import() -> Document:
    inputs = {"huggingface_id": {"type": "string", "optional": True},
              "pytorch_model_path": {"type": "custom_model", "optional": True},
              "mlflow_model_path": {"type": "mlflow_model", "optional": True}}  # fmt: skip
    return _command(
        "select_model.py",
        inputs=inputs,
        outputs={"output": {"type": "uri_folder"}},
        environment=_PLAIN,
        display_name="Model import",
        description="Takes the one model that is named.",
        fetches=True,
    )


def _preprocess(task: str) -> Document:
    inputs = {"model": {"type": "uri_folder"}, "train": _file(), "validation": _file(optional=True),
              "task": {"type": "string", "default": task}, **_texts(_KEYS),
              **declared({LONGEST: -1})}  # fmt: skip
    return _command(
        "preprocess.py",
        inputs=inputs,
        outputs={"output": {"type": "uri_folder"}},
        environment=_HEAVY,
        display_name="Data preprocess",
        description="Makes tokens of the lines.",
    )


def _finetune() -> Document:
    inputs = {"model": {"type": "uri_folder"}, "data": {"type": "uri_folder"}, **declared(TRAINING)}
    return _command(
        "finetune.py",
        inputs=inputs,
        outputs={"output": {"type": "uri_folder"}},
        environment=_HEAVY,
        display_name="Fine-tune",
        description="Trains the model, with adapters or in full.",
        distribution={"type": "pytorch", "process_count_per_instance": 1},
    )


def _converter() -> Document:
    inputs = {"model": {"type": "uri_folder"}, "trained": {"type": "uri_folder"}, "task": {"type": "string"}}
    return _command(
        "convert.py",
        inputs=inputs,
        outputs={"output": {"type": "mlflow_model"}},
        environment=_PLAIN,
        environment_variables={"SMALT_LANGUAGE_CONDA": language_conda()},
        display_name="Model converter",
        description="Writes the trained model as MLflow has it.",
    )


def _prediction() -> Document:
    inputs = {
        "task": {"type": "string"}, "test_data": _file(), "mlflow_model": {"type": "mlflow_model"},
        "label_column_name": {"type": "string", "optional": True},
        "input_column_names": {"type": "string", "optional": True},
        "batch_size": {"type": "integer", "default": 8, "optional": True},
        "max_new_tokens": {"type": "integer", "default": 128, "optional": True},
    }  # fmt: skip
    outputs = {name: {"type": "uri_file"} for name in ("predictions", "ground_truth")}
    return _command(
        "predict.py",
        inputs=inputs,
        outputs=outputs,
        environment=_HEAVY,
        display_name="Model prediction",
        description="Answers every line of the test data.",
    )


def _metrics() -> Document:
    inputs = {"task": {"type": "string"}, "prediction": _file(), "ground_truth": _file()}
    return _command(
        "measure.py",
        inputs=inputs,
        outputs={"evaluation_result": {"type": "uri_folder"}},
        environment=_PLAIN,
        display_name="Compute metrics",
        description="Compares predictions with what is right.",
    )


def _pipeline(family: str, task: str) -> Document:
    models = {"huggingface_id": {"type": "string", "optional": True},
              "pytorch_model_path": {"type": "custom_model", "optional": True},
              "mlflow_model_path": {"type": "mlflow_model", "optional": True}}  # fmt: skip
    data = {"train_file_path": _file(), "validation_file_path": _file(optional=True),
            "test_file_path": _file(optional=True)}  # fmt: skip
    inputs = {**models, **data, **_texts(_KEYS), **declared(of_pipeline())}
    outputs = {"pytorch_model_folder": {"type": "uri_folder"}, "mlflow_model_folder": {"type": "mlflow_model"}}
    return {
        "type": "pipeline",
        "display_name": f"{family.replace('_', ' ').capitalize()} pipeline",
        "description": "Trains a language model further: validation, import, preprocessing, training, conversion.",
        "inputs": inputs,
        "outputs": outputs,
        "jobs": _steps(family, task, models),
    }


def _steps(family: str, task: str, models: Iterable[str]) -> Document:
    selected = "${{parent.jobs.model_import.outputs.output}}"
    lines = {"train": "${{parent.inputs.train_file_path}}", "validation": "${{parent.inputs.validation_file_path}}",
             "task": task, **_given(_KEYS)}  # fmt: skip
    return {
        "model_import": _step(f"{family}_model_import", _given(models), compute="compute_model_import"),
        "validation": _step("ft_nlp_common_validation", {"model": selected, **lines}, compute="compute_preprocess"),
        "preprocess": _step(
            f"{family}_datapreprocess",
            {"model": "${{parent.jobs.model_import.outputs.output}}", **lines, **_given([LONGEST])},
            compute="compute_preprocess",
        ),
        "finetune": {
            **_step(
                f"{family}_finetune",
                {"model": selected, "data": "${{parent.jobs.preprocess.outputs.output}}", **_given(TRAINING)},
                compute="compute_finetune",
                output="pytorch_model_folder",
            ),
            "resources": {"instance_count": f"${{{{parent.inputs.{NODES}}}}}"},
            "distribution": {
                "type": "pytorch",
                "process_count_per_instance": f"${{{{parent.inputs.{PROCESSES}}}}}",
            },
        },
        "convert": _step(
            "ft_nlp_model_converter",
            {"model": selected, "trained": "${{parent.jobs.finetune.outputs.output}}", "task": task},
            compute="compute_model_import",
            output="mlflow_model_folder",
        ),
    }


def _step(component: str, inputs: Document, *, compute: str, output: str | None = None) -> Document:
    made: Document = {
        "type": "command",
        "component": f"{REGISTRY}/{component}/versions/{VERSION}",
        "inputs": inputs,
        "compute": f"${{{{parent.inputs.{compute}}}}}",
    }
    if output is not None:
        made["outputs"] = {"output": f"${{{{parent.outputs.{output}}}}}"}
    return made


def _given(names: Iterable[str]) -> Document:
    return {name: f"${{{{parent.inputs.{name}}}}}" for name in names}
