"""The ARM spelling of fine-tuning jobs, whose fields stand in `fineTuningDetails`."""

from __future__ import annotations

from smalt.entities.text import normal_form
from smalt.wire.arm.shape import JsonObject, Part, Words

_TASKS = Words(
    {
        "chat_completion": "ChatCompletion",
        "text_completion": "TextCompletion",
        "text_classification": "TextClassification",
        "question_answering": "QuestionAnswering",
        "text_summarization": "TextSummarization",
        "token_classification": "TokenClassification",
        "text_translation": "TextTranslation",
        "image_classification": "ImageClassification",
        "image_instance_segmentation": "ImageInstanceSegmentation",
        "image_object_detection": "ImageObjectDetection",
        "video_multi_object_tracking": "VideoMultiObjectTracking",
    }
)
_PROVIDERS = Words({"custom": "Custom", "azure_open_ai": "AzureOpenAI"})
_DETAILS = {
    "task": "taskType",
    "model": "model",
    "model_provider": "modelProvider",
    "training_data": "trainingData",
    "validation_data": "validationData",
    "hyperparameters": "hyperParameters",
}
_HOSTED = {"n_epochs": "nEpochs", "batch_size": "batchSize", "learning_rate_multiplier": "learningRateMultiplier"}
"""Hyperparameters of a hosted provider, which have names of their own on the wire."""


def parts(table: Part) -> dict[str, Part]:
    """The parts of a fine-tuning job, given the one for its inputs."""
    return {
        "task": _TASKS,
        "model_provider": _PROVIDERS,
        "model": table,
        "training_data": table,
        "validation_data": table,
    }


def names() -> dict[str, str]:
    """The wire's names of the fields that stand in `fineTuningDetails`."""
    return dict(_DETAILS)


def fold(properties: JsonObject) -> JsonObject:
    """Put the fields of the task into `fineTuningDetails`."""
    if normal_form(str(properties.get("jobType"))) != "finetuning":
        return properties
    details = {wire: properties.pop(wire) for wire in _DETAILS.values() if wire in properties}
    if details.get("modelProvider") == "AzureOpenAI" and isinstance(details.get("hyperParameters"), dict):
        given = details["hyperParameters"]
        details["hyperParameters"] = {_HOSTED.get(key, key): item for key, item in given.items()}
    further = properties.pop("fineTuningDetails", None)
    return {**properties, "fineTuningDetails": {**details, **(further if isinstance(further, dict) else {})}}


def unfold(properties: JsonObject) -> JsonObject:
    """Take the fields of the task out of `fineTuningDetails`; what is not known there stays in it."""
    details = properties.get("fineTuningDetails")
    if normal_form(str(properties.get("jobType"))) != "finetuning" or not isinstance(details, dict):
        return properties
    known = {key: item for key, item in details.items() if key in _DETAILS.values() and item is not None}
    if isinstance(known.get("hyperParameters"), dict):
        own = {wire: name for name, wire in _HOSTED.items()}
        known["hyperParameters"] = {own.get(key, key): item for key, item in known["hyperParameters"].items()}
    further = {key: item for key, item in details.items() if key not in _DETAILS.values()}
    rest = {key: item for key, item in properties.items() if key != "fineTuningDetails"}
    return {**rest, **known, **({"fineTuningDetails": further} if further else {})}
