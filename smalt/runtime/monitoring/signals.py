"""How each type of signal is measured, from its settings to its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from smalt.runtime.monitoring import attribution, drift, features, judging, own, performance, tokens
from smalt.runtime.monitoring.failure import MonitorError
from smalt.runtime.monitoring.quality import Bounds, Rates
from smalt.runtime.monitoring.result import Result, Row
from smalt.runtime.monitoring.sample import Sample, sampled
from smalt.runtime.monitoring.sources import CORRELATION, Source, pieces

Settings = Mapping[str, Any]
_ANSWER_COLUMNS = ("prediction", "target_column")


def measure(settings: Settings) -> Result:
    """Measure a signal.

    Raises:
        MonitorError: It cannot be; the message says why.
    """
    return _SIGNALS[settings["type"]](settings)


def _drift(settings: Settings) -> Result:
    source, production, reference = _production(settings)[0], _taken(settings, 0), _reference(settings)
    wanted = features.chosen(reference.frame.columns, _wanted(settings, reference), aside=_aside(settings, source))
    result = Result(production_rows=production.rows_seen, reference_rows=reference.rows_seen)
    for name in wanted:
        if name not in production.frame:
            result.notes.append(f"{name} is not in the production data, so it is not compared.")
            continue
        _compared(settings, result, name, reference.frame[name], production.frame[name])
    if not result.rows:
        raise MonitorError(
            "No feature of the reference is in the production data with any value, and under a threshold of its type. "
            f"Reference: {_listed(reference.frame)}. Production: {_listed(production.frame)}."
        )
    return result


def _compared(settings: Settings, result: Result, name: str, reference: Any, production: Any) -> None:  # Any: Series
    whole = features.CATEGORICAL if _answers_are_classes(settings) else features.NUMERICAL
    kind = settings["feature_type_override"].get(name) or features.type_of(reference, whole_numbers=whole)
    limits = settings["thresholds"].get(kind) or {}
    is_numerical = kind == features.NUMERICAL
    clean = drift.numbers if is_numerical else drift.words
    one, other = clean(reference), clean(production)
    if not len(one) or not len(other):
        result.notes.append(f"{name} has no values in the {'reference' if not len(one) else 'production data'}.")
        return
    counts = (drift.count_numbers if is_numerical else drift.count_words)(one, other)
    result.histograms[name] = {"kind": kind, **counts.shown()}
    for metric, limit in limits.items():
        value = drift.OF_COUNTS[metric](counts) if metric in drift.OF_COUNTS else drift.OF_NUMBERS[metric](one, other)
        result.add(Row(name, metric, value, limit, kind))


def _quality(settings: Settings) -> Result:
    """Both tables are read whole, so that rates are exact."""
    source, reference = _production(settings)[0], Source.of(settings["reference"])
    drawn = Sample()
    for piece in pieces(reference):
        drawn.add(piece)
    wanted = features.chosen(drawn.frame.columns, _wanted(settings, drawn), aside=_aside(settings, source))
    override = settings["feature_type_override"]
    bounds = {name: Bounds(override.get(name) or features.type_of(drawn.frame[name])) for name in wanted}
    for piece in pieces(reference):
        for name in bounds.keys() & set(piece.columns):
            bounds[name].learn(piece[name])
    rates = {name: Rates(each) for name, each in bounds.items()}
    result = Result(reference_rows=drawn.rows_seen)
    production = Sample()
    for piece in pieces(source):
        result.production_rows += len(piece)
        production.add(piece)
        for name, rate in rates.items():
            rate.add(piece[name]) if name in piece else rate.add_missing(len(piece))
    for name, rate in rates.items():
        limits = settings["thresholds"].get(rate.bounds.kind) or {}
        shares = rate.shares()
        for metric, limit in limits.items():
            result.add(Row(name, metric, shares[metric], limit, rate.bounds.kind))
        if limits and name in production.frame:
            _drawn(result, name, rate.bounds.kind, drawn.frame[name], production.frame[name])
    return result


def _drawn(result: Result, name: str, kind: str, reference: Any, production: Any) -> None:  # Any: Series
    """How both are distributed, to look at."""
    is_numerical = kind == features.NUMERICAL
    one, other = ((drift.numbers if is_numerical else drift.words)(each) for each in (reference, production))
    if len(one) and len(other):
        counts = (drift.count_numbers if is_numerical else drift.count_words)(one, other)
        result.histograms[name] = {"kind": kind, **counts.shown()}


def _attribution(settings: Settings) -> Result:
    reference = _reference(settings)
    trained = _weights(settings, reference)
    joined = _joined([(each, _taken(settings, number)) for number, each in enumerate(_production(settings))])
    answers = _answer_column(settings, joined, trained)
    table = joined[[name for name in trained if name in joined]]
    if not len(table.columns):
        raise MonitorError("No feature of the reference is in the production data. Collect model_inputs.")
    seen = attribution.importances(table, joined[answers], is_classification=_is_classification(settings))
    gain = attribution.normalized_discounted_cumulative_gain(trained, {name: seen.get(name, 0.0) for name in trained})
    metric = "normalized_discounted_cumulative_gain"
    result = Result(production_rows=len(joined), reference_rows=reference.rows_seen)
    result.add(Row("", metric, gain, settings["thresholds"].get(metric)))
    for name in attribution.most_important(trained, 200):
        result.add(Row(name, "reference_attribution", trained[name]))
        result.add(Row(name, "production_attribution", seen.get(name, 0.0)))
    return result


def _performance(settings: Settings) -> Result:
    source = _production(settings)[0]
    truth_of = Source.of(settings["reference"])
    production, reference = _taken(settings, 0), _reference(settings)
    told = _column(truth_of, "target_column", reference.frame, "ground truth")
    answered = _column(source, "prediction", production.frame, "production data")
    for each, frame, what in (
        (source, production.frame, "production data"),
        (truth_of, reference.frame, "ground truth"),
    ):
        if each.correlation not in frame:
            raise MonitorError(
                f"The {what} has no column {each.correlation!r}, by which answers are joined with what was true. Name "
                f"it: data_column_names: {{correlation_id: ...}}. It has {_listed(frame)}."
            )
    left = production.frame[[source.correlation, answered]].set_axis(["id", "answer"], axis=1).astype({"id": str})
    right = reference.frame[[truth_of.correlation, told]].set_axis(["id", "truth"], axis=1).astype({"id": str})
    joined = left.merge(right.drop_duplicates("id", keep="last"), on="id").dropna()
    if not len(joined):
        raise MonitorError(
            f"None of the {len(left)} answers has the correlation id of one of the {len(right)} rows of ground truth."
        )
    result = Result(production_rows=production.rows_seen, reference_rows=reference.rows_seen)
    result.notes.append(f"{len(joined)} answers are compared with what was true.")
    for task, limits in settings["thresholds"].items():
        if task == "classification":
            values = performance.of_classes(*(_as_words(joined[name]) for name in ("truth", "answer")))
        else:
            values = performance.of_numbers(*(joined[name].to_numpy(dtype=float) for name in ("truth", "answer")))
        for metric, limit in (limits or {}).items():
            result.add(Row("", metric, values[metric], limit))
    return result


def _judged(settings: Settings) -> Result:
    sources = _production(settings)
    frame = _joined([(each, _taken(settings, number)) for number, each in enumerate(sources)])
    rate = float(settings.get("sampling_rate") or 1.0)
    taken = frame.sample(frac=rate, random_state=0) if rate < 1 else frame
    taken = taken.head(judging.MOST_JUDGED) if len(taken) else frame.head(1)
    columns = {key: name for each in sources for key, name in each.columns.items()}
    facts = [judging.facts_of(row, columns) for row in taken.to_dict(orient="records")]
    judge = judging.judge_of(settings["connection"], settings.get("judge"))
    result = Result(production_rows=len(frame))
    result.notes.append(f"{len(taken)} of {len(frame)} answers are judged.")
    for metric, limits in settings["thresholds"].items():
        found = judging.scores(judge, metric, facts)
        acceptable = (limits or {}).get(f"acceptable_{metric}_score_per_instance", 3.0)
        share = sum(score >= acceptable for score in found) / len(found)
        name = f"aggregated_{metric}_pass_rate"
        result.add(Row("", name, share, (limits or {}).get(name)))
        result.add(Row("", f"average_{metric}_score", sum(found) / len(found)))
        tally = [sum(round(score) == step for score in found) for step in range(1, 6)]
        result.histograms[metric] = {
            "kind": features.CATEGORICAL, "labels": ["1", "2", "3", "4", "5"], "edges": None,
            "reference": [0] * 5, "production": tally,
        }  # fmt: skip
    return result


def _tokens(settings: Settings) -> Result:
    source = _production(settings)[0]
    result = Result()

    def rows() -> Any:  # Any: mappings
        for piece in pieces(source):
            result.production_rows += len(piece)
            yield from piece.to_dict(orient="records")

    found = tokens.counted(rows(), source.columns)
    limits = settings["thresholds"].get("totaltoken") or {}
    # Azure's defaults are zero, which would be a breach always; here it means that there is no limit.
    limits = {name: limit or None for name, limit in limits.items()}
    result.add(Row("", "total_token_count", float(sum(found.values())), limits.get("total_token_count")))
    for group, count in sorted(found.items(), key=lambda item: -item[1]):
        result.add(Row(group, "total_token_count_per_group", float(count), limits.get("total_token_count_per_group")))
    return result


def _own(settings: Settings) -> Result:
    result = Result()
    for row in own.rows_of(pieces(_production(settings)[0]), settings["thresholds"]):
        result.add(row)
    return result


_SIGNALS: dict[str, Callable[[Settings], Result]] = {
    "data_drift": _drift,
    "prediction_drift": _drift,
    "data_quality": _quality,
    "feature_attribution_drift": _attribution,
    "model_performance": _performance,
    "generation_safety_quality": _judged,
    "generation_token_statistics": _tokens,
    "custom": _own,
}


def _production(settings: Settings) -> list[Source]:
    return [Source.of(each) for each in settings["production"]]


def _taken(settings: Settings, number: int) -> Sample:
    """A sample of production data, of the segment that is asked for."""
    source = _production(settings)[number]
    return sampled(features.segment(each, settings.get("data_segment")) for each in pieces(source))


def _reference(settings: Settings) -> Sample:
    source = Source.of(settings["reference"])
    asked = settings.get("data_segment") if settings["type"] == "data_drift" else None
    return sampled(features.segment(each, asked) for each in pieces(source))


def _wanted(settings: Settings, reference: Sample) -> Any:  # Any: settings
    wanted = settings.get("features")
    if not isinstance(wanted, dict):
        return wanted
    return attribution.most_important(_weights(settings, reference), int(wanted["top_n_feature_importance"]))


def _weights(settings: Settings, reference: Sample) -> dict[str, float]:
    source = Source.of(settings["reference"])
    target = _column(source, "target_column", reference.frame, "reference")
    table = reference.frame.drop(columns=[target, *(source.aside & set(reference.frame.columns))])
    return attribution.importances(table, reference.frame[target], is_classification=_is_classification(settings))


def _column(source: Source, what: str, frame: Any, where: str) -> str:  # Any: a DataFrame
    named = source.columns.get(what)
    if named is not None and named in frame:
        return named
    rest = [str(name) for name in frame.columns if name not in source.aside]
    if named is None and len(rest) == 1:
        return rest[0]
    given = f"has no column {named!r}" if named is not None else "does not say which column is it"
    raise MonitorError(f"The {where} {given}. Name the {what} in data_column_names. It has {_listed(frame)}.")


def _answer_column(settings: Settings, joined: Any, trained: Mapping[str, float]) -> str:  # Any: a DataFrame
    named = [each.columns[key] for each in _production(settings) for key in _ANSWER_COLUMNS if key in each.columns]
    aside = set().union(*(each.aside for each in _production(settings)))
    target = Source.of(settings["reference"]).columns.get("target_column")
    rest = [str(name) for name in joined.columns if name not in trained and name not in aside]
    for name in [*named, *([target] if target else []), *rest]:
        if name in joined:
            return name
    raise MonitorError("The production data has no answers. Collect model_outputs, or name the column 'prediction'.")


def _joined(parts: list[tuple[Source, Sample]]) -> Any:  # Any: a DataFrame
    """Tables of one another's requests, side by side."""
    first, sample = parts[0]
    whole = sample.frame.rename(columns={first.correlation: CORRELATION})
    for source, more in parts[1:]:
        table = more.frame.rename(columns={source.correlation: CORRELATION})
        for frame in (whole, table):
            if CORRELATION not in frame:
                raise MonitorError(
                    "The production data has no correlation id, by which inputs and outputs are joined. Name the "
                    "column: data_column_names: {correlation_id: ...}."
                )
        whole = whole.merge(table, on=CORRELATION, suffixes=("", "_answered"))
    if not len(whole):
        raise MonitorError("No output has the correlation id of an input.")
    return whole


def _aside(settings: Settings, source: Source) -> set[str]:
    """Columns that are not compared: ids, times, and what the model should have answered."""
    reference = Source.of(settings["reference"])
    found = source.aside | reference.aside
    target = reference.columns.get("target_column")
    return found if settings["type"] == "prediction_drift" or target is None else found | {target}


def _is_classification(settings: Settings) -> bool:
    return settings.get("task") != "regression"


def _answers_are_classes(settings: Settings) -> bool:
    return settings["type"] == "prediction_drift" and _is_classification(settings)


def _as_words(values: Any) -> Any:  # Any: an array of numpy
    """Classes as text; `1` and `1.0`, as tables with gaps have it, are one."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        values = values.astype(float)
    return values.astype(str).to_numpy(dtype=object).astype(str)


def _listed(frame: Any) -> str:  # Any: a DataFrame
    return ", ".join(map(str, list(frame.columns)[:20]))
