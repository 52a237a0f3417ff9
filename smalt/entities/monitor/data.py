"""The data of a monitor: what came in production, what it is compared with, and of which time."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from smalt.entities.base import Entity
from smalt.entities.job.inputs import DataInput
from smalt.entities.text import Text, match_enum
from smalt.entities.trigger import Moment
from smalt.kit import duration

DEFAULT = "default"
"""The word of the official SDK for a window that follows from how often the monitor runs."""


class MonitorDatasetContext(StrEnum):
    """What data is to the model."""

    MODEL_INPUTS = "model_inputs"
    MODEL_OUTPUTS = "model_outputs"
    TRAINING = "training"
    TEST = "test"
    VALIDATION = "validation"
    GROUND_TRUTH = "ground_truth"


ContextField = Annotated[MonitorDatasetContext, BeforeValidator(lambda value: match_enum(value, MonitorDatasetContext))]
Columns = Annotated[dict[str, Text], BeforeValidator(lambda value: {} if value is None else value)]
"""Names of columns by what they hold, e.g. `target_column: species`."""


def _span(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, str) and value != DEFAULT:
        try:
            duration.from_iso(value)
        except ValueError as error:
            raise ValueError(f"{error} Write e.g. P7D for the last seven days.") from None
    return value


Span = Annotated[str, BeforeValidator(_span)]
"""A span of time as ISO 8601, or `default`."""


class BaselineDataRange(Entity):
    """Which time data is of: a span that moves along with the monitor, or fixed dates."""

    window_start: Moment | None = None
    window_end: Moment | None = None
    lookback_window_size: Span | None = None
    lookback_window_offset: Span | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> BaselineDataRange:
        fixed = self.window_start is not None or self.window_end is not None
        if fixed and (self.lookback_window_size is not None or self.lookback_window_offset is not None):
            raise ValueError("Give window_start and window_end, or lookback_window_size and _offset, not both.")
        if fixed and (self.window_start is None or self.window_end is None):
            raise ValueError("window_start and window_end belong together. Give both.")
        return self


class MonitorData(Entity):
    """Data that a signal reads.

    Args:
        pre_processing_component: A component that makes a table of it: it takes `data_window_start`,
            `data_window_end` and `input_data`, and writes `preprocessed_input_data`.
        data_column_names: Which column is the `target_column`, the `correlation_id`, the `prediction`, ...
    """

    input_data: DataInput
    data_context: ContextField | None = None
    pre_processing_component: Text | None = None
    data_window: BaselineDataRange | None = None
    data_column_names: Columns = Field(default_factory=dict)


class ProductionData(MonitorData):
    """What a model was asked or has answered."""

    @field_validator("data_window")
    @classmethod
    def _moves_along(cls, window: BaselineDataRange | None) -> BaselineDataRange | None:
        if window is not None and window.window_start is not None:
            raise ValueError("Production data takes lookback_window_size and lookback_window_offset only.")
        return window


class ReferenceData(MonitorData):
    """What production data is compared with."""

    target_column_name: Text | None = None

    @model_validator(mode="after")
    def _names_its_target(self) -> ReferenceData:
        if self.target_column_name is not None:
            self.data_column_names.setdefault("target_column", self.target_column_name)
        return self


class FADProductionData(ProductionData):
    """The same under the name that the v2 SDK has for feature attribution."""


class LlmData(ProductionData):
    """What an application of a language model was asked and has answered."""

    @model_validator(mode="before")
    @classmethod
    def _takes_the_older_word(cls, value: Any) -> Any:  # Any: raw input of a validator
        if isinstance(value, dict) and "data_window_size" in value and "data_window" not in value:
            rest = {key: item for key, item in value.items() if key != "data_window_size"}
            return {**rest, "data_window": {"lookback_window_size": value["data_window_size"]}}
        return value


class DataSegment(Entity):
    """The rows in which a feature has one of some values."""

    feature_name: Text
    feature_values: list[Text]
