"""What may be asked of each noun: its attributes, which of them are numbers, and which operators apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What sort of value an identifier names."""

    METRIC = "metric"
    PARAM = "parameter"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    DATASET = "dataset"
    METADATA = "metadata"
    SPAN = "span"


NUMBER_OPERATORS = (">", ">=", "!=", "=", "<", "<=")
TEXT_OPERATORS = ("!=", "=", "LIKE", "ILIKE")
LIST_OPERATORS = ("IN", "NOT IN")
NULL_OPERATORS = ("IS NULL", "IS NOT NULL")

_PREFIXES: dict[str, Kind] = {
    "metric": Kind.METRIC,
    "metrics": Kind.METRIC,
    "param": Kind.PARAM,
    "params": Kind.PARAM,
    "parameter": Kind.PARAM,
    "parameters": Kind.PARAM,
    "tag": Kind.TAG,
    "tags": Kind.TAG,
    "attr": Kind.ATTRIBUTE,
    "attribute": Kind.ATTRIBUTE,
    "attributes": Kind.ATTRIBUTE,
    "run": Kind.ATTRIBUTE,
    "dataset": Kind.DATASET,
    "datasets": Kind.DATASET,
    "metadata": Kind.METADATA,
    "request_metadata": Kind.METADATA,
    "trace": Kind.ATTRIBUTE,
    "span": Kind.SPAN,
}


@dataclass(frozen=True)
class Noun:
    """What a search over one noun understands.

    Args:
        kinds: The kinds of value it has.
        texts: Attributes that are text.
        numbers: Attributes that are numbers.
        lists: Attributes that take IN and NOT IN.
        aliases: Other spellings of attributes.
        nullable: Kinds that take IS NULL and IS NOT NULL.
        sortable: Attributes that may be ordered by.
        sortable_kinds: Kinds that may be ordered by.
    """

    kinds: frozenset[Kind]
    texts: frozenset[str]
    numbers: frozenset[str]
    lists: frozenset[str]
    sortable: frozenset[str]
    sortable_kinds: frozenset[Kind] = frozenset({Kind.ATTRIBUTE})
    nullable: frozenset[Kind] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefixes(self) -> dict[str, Kind]:
        """Entity types as they are written before the dot."""
        return {text: kind for text, kind in _PREFIXES.items() if kind in self.kinds}


RUNS = Noun(
    kinds=frozenset({Kind.METRIC, Kind.PARAM, Kind.TAG, Kind.ATTRIBUTE, Kind.DATASET}),
    texts=frozenset({"run_id", "run_name", "user_id", "status", "artifact_uri"}),
    numbers=frozenset({"start_time", "end_time"}),
    lists=frozenset({"run_id"}),
    aliases={
        "created": "start_time",
        "Created": "start_time",
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
    },
    nullable=frozenset({Kind.TAG, Kind.PARAM}),
    sortable=frozenset({"run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time"}),
    sortable_kinds=frozenset({Kind.ATTRIBUTE, Kind.METRIC, Kind.PARAM, Kind.TAG}),
)

EXPERIMENTS = Noun(
    kinds=frozenset({Kind.ATTRIBUTE, Kind.TAG}),
    texts=frozenset({"name", "experiment_id"}),
    numbers=frozenset({"creation_time", "last_update_time"}),
    lists=frozenset({"experiment_id"}),
    nullable=frozenset({Kind.TAG}),
    sortable=frozenset({"name", "experiment_id", "creation_time", "last_update_time"}),
)

MODELS = Noun(
    kinds=frozenset({Kind.ATTRIBUTE, Kind.TAG}),
    texts=frozenset({"name"}),
    numbers=frozenset(),
    lists=frozenset({"name"}),
    aliases={"timestamp": "last_updated_timestamp"},
    sortable=frozenset({"name", "creation_timestamp", "last_updated_timestamp"}),
)

VERSIONS = Noun(
    kinds=frozenset({Kind.ATTRIBUTE, Kind.TAG}),
    texts=frozenset({"name", "run_id", "source_path"}),
    numbers=frozenset({"version_number"}),
    lists=frozenset({"name", "run_id"}),
    sortable=frozenset({"name", "version_number", "creation_timestamp", "last_updated_timestamp"}),
)

LOGGED_MODELS = Noun(
    kinds=frozenset({Kind.ATTRIBUTE, Kind.TAG, Kind.PARAM, Kind.METRIC}),
    texts=frozenset({"name", "model_id", "model_type", "status", "source_run_id", "experiment_id"}),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    lists=frozenset({"name", "model_id", "model_type", "status", "source_run_id", "experiment_id"}),
    aliases={
        "creation_time": "creation_timestamp",
        "creation_timestamp_ms": "creation_timestamp",
        "last_updated_time": "last_updated_timestamp",
        "last_updated_timestamp_ms": "last_updated_timestamp",
    },
    sortable=frozenset(
        {"name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp", "last_updated_timestamp"}
    ),
    sortable_kinds=frozenset({Kind.ATTRIBUTE, Kind.METRIC}),
)

_TRACE_TEXTS = frozenset({"trace_id", "client_request_id", "status", "name", "run_id"})
_TRACE_NUMBERS = frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms"})

TRACES = Noun(
    kinds=frozenset({Kind.ATTRIBUTE, Kind.TAG, Kind.METADATA, Kind.SPAN}),
    texts=_TRACE_TEXTS,
    numbers=_TRACE_NUMBERS,
    lists=_TRACE_TEXTS,
    aliases={
        "request_id": "trace_id",
        "state": "status",
        "timestamp": "timestamp_ms",
        "request_time": "timestamp_ms",
        "execution_time": "execution_time_ms",
        "execution_duration": "execution_time_ms",
        "end_time": "end_time_ms",
    },
    nullable=frozenset({Kind.TAG, Kind.METADATA}),
    sortable=_TRACE_NUMBERS | (_TRACE_TEXTS - {"run_id"}),
)
