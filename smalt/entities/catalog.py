"""A card of the model catalog: what is known of a model before anybody has its weights."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from smalt.entities.base import Named, TextMap
from smalt.entities.text import Text


class ModelCard(Named):
    """A model of the catalog.

    Args:
        registry: Whose catalog it is from.
        hugging_face_id: What it is called on a hub of Hugging Face's kind; `revision` of it, `main` unless given.
        inference_tasks: What it is for; `fine_tuning_tasks`, what it can be trained further for.
        capabilities: Such as `tool-calling` or `reasoning`.
        parameters: How many numbers it is made of.
        context_window: Tokens that a question and its answer may have together.
        is_gated: Whether the licence must be accepted before its weights may be fetched.
        fine_tuning_defaults: Parameters of fine-tuning that suit it.
        benchmarks: What its makers or evaluations of one's own have measured, by name.
        connection: For a model that another server runs: the connection to it, where it is called `served_as`.
    """

    version: Text | None = None
    registry: Text = "workspace"
    display_name: Text | None = None
    summary: Text | None = None
    publisher: Text | None = None
    license: Text | None = None
    license_url: Text | None = None
    is_gated: bool = False
    hugging_face_id: Text | None = None
    revision: Text | None = None
    inference_tasks: list[Text] = Field(default_factory=list)
    fine_tuning_tasks: list[Text] = Field(default_factory=list)
    capabilities: list[Text] = Field(default_factory=list)
    industries: list[Text] = Field(default_factory=list)
    languages: list[Text] = Field(default_factory=list)
    keywords: list[Text] = Field(default_factory=list)
    input_modalities: list[Text] = Field(default_factory=lambda: ["text"])
    output_modalities: list[Text] = Field(default_factory=lambda: ["text"])
    parameters: int | None = Field(default=None, ge=1)
    context_window: int | None = Field(default=None, ge=1)
    max_output_tokens: int | None = Field(default=None, ge=1)
    embedding_size: int | None = Field(default=None, ge=1)
    training_data_date: Text | None = None
    is_featured: bool = False
    deprecation: TextMap = Field(default_factory=dict)
    fine_tuning_defaults: TextMap = Field(default_factory=dict)
    benchmarks: dict[str, float | str] = Field(default_factory=dict)
    sku: dict[str, Any] = Field(default_factory=dict)  # Any: kept as the metadata of Azure's catalog has it
    connection: Text | None = None
    served_as: Text | None = None

    @field_validator("hugging_face_id")
    @classmethod
    def _id_is_one(cls, given: str | None) -> str | None:
        parts = (given or "a").split("/")
        if len(parts) > 2 or any(part in ("", ".", "..") for part in parts) or not (given or "a").isprintable():
            raise ValueError(f"hugging_face_id {given!r} is none. Write <owner>/<name>.")
        return given
