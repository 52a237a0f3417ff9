"""A scorecard: what a team has promised of a model, and what it does, for people who read no code."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from smalt.runtime.responsible import cohorts, fairness, history, metrics, plain, subject
from smalt.runtime.responsible.blocks import Bar, Bars, Block, Heading, Paragraph, Table
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.subject import Subject

_LIMIT = re.compile(r"\s*(<=|>=|<|>|==?)\s*(-?[0-9.eE+-]+)\s*")
_MOST_FEATURES = 10
_RATES = {"false_positive_rate": "False positive rate", "false_negative_rate": "False negative rate"}
Json = dict[str, Any]  # Any: JSON


def write(given: Namespace) -> None:
    """Write `scorecard.pdf` and `scorecard.html`."""
    from smalt.runtime.responsible import pages, sheets

    folder = Path(given.rai_insights_dashboard)
    card = Card(subject_of(folder), folder, _document(Path(given.pdf_generation_config)), _cohorts(given))
    blocks = list(card.blocks())
    output = Path(given.pdf_output_path)
    (output / "scorecard.html").write_text(pages.html(card.name, blocks), encoding="utf-8")
    sheets.write_pdf(output / "scorecard.pdf", card.name, blocks)
    told = plain.read(folder / subject.INFO)
    history.tell(
        {
            "type": "PdfGeneration",
            "model_id": told["model_id"],
            "dashboard_id": told.get("rai_insights_parent_run_id"),
            "rai_scorecard_title": card.name,
            "has_scorecard": "True",
        }
    )


def subject_of(folder: Path) -> Subject:
    """The rows of a gathered dashboard.

    Raises:
        AnalysisError: The folder is none.
    """
    import pandas as pd

    if not (folder / "data" / "test.json").is_file():
        raise AnalysisError("The input dashboard is no output of rai_tabular_insight_gather.")
    columns = subject.Columns.of(plain.read(folder / subject.META))
    rows = {}
    for name in ("train", "test"):
        kinds = plain.read(folder / "data" / f"{name}_dtypes.json")
        rows[name] = pd.read_json(folder / "data" / f"{name}.json", orient="split", dtype=kinds, convert_dates=False)
    return Subject(folder, columns, rows["train"], rows["test"])


@dataclass(frozen=True)
class Card:
    """What a scorecard is made of.

    Args:
        what: The rows, and what the model says of them.
        folder: The dashboard.
        config: What the team wants to see: `Model`, `Metrics`, `DataExplorer`, `Cohorts`, `FeatureImportance`,
            `Causal`, `Fairness`.
        parts: Cohorts by their names.
    """

    what: Subject
    folder: Path
    config: Json
    parts: dict[str, list[Json]]

    @property
    def name(self) -> str:
        """What the model is called."""
        return str(self.config.get("Model", {}).get("ModelName") or "Model")

    def blocks(self) -> Iterator[Block]:
        """All of it, in order.

        Raises:
            AnalysisError: The configuration names what is not there.
        """
        yield from self._overview()
        yield from self._performance()
        if "DataExplorer" in self.config:
            yield from self._data()
        if "Cohorts" in self.config or self.parts:
            yield from self._cohorts()
        if "FeatureImportance" in self.config:
            yield from self._importance()
        if "Fairness" in self.config:
            yield from self._fairness()
        if "Causal" in self.config:
            yield from self._causal()

    def _overview(self) -> Iterator[Block]:
        model, told = self.config.get("Model", {}), plain.read(self.folder / subject.INFO)
        yield Heading(self.name, 1)
        if model.get("ModelSummary"):
            yield Paragraph(str(model["ModelSummary"]))
        facts = [
            ["Model", str(told["model_id"])],
            ["Type", str(model.get("ModelType") or self.what.columns.task)],
            ["Target", self.what.columns.target],
            ["Test rows", f"{len(self.what.test):,}"],
            ["Dashboard", f"{told['dashboard_title']} ({told.get('rai_insights_gather_run_id') or 'no run'})"],
            ["Made", f"{datetime.now(UTC):%Y-%m-%d}"],
        ]
        yield Table([], facts)
        aims = [f"{_title(name)} {limit[0]} {limit[1]:g}" for name, limit in self._limits() if limit is not None]
        if aims:
            yield Paragraph("Aims: " + "; ".join(aims) + ".")

    def _limits(self) -> list[tuple[str, tuple[str, float] | None]]:
        known = metrics.names(is_classified=self.what.is_classified)
        found = []
        for name, terms in self.config.get("Metrics", {}).items():
            if name not in known:
                raise AnalysisError(f"Metric {name!r} is not one of {self.what.columns.task}: {', '.join(known)}.")
            found.append((name, _limit((terms or {}).get("threshold"))))
        return found

    def _measured(self, name: str, mask: Any = slice(None)) -> float:
        classes = len(self.what.columns.classes or [])
        return metrics.measure(name, self.what.truth[mask], self.what.predicted[mask], classes=classes)

    def _performance(self) -> Iterator[Block]:
        yield Heading("Model performance", 2)
        rows = []
        for name, limit in self._limits():
            value = self._measured(name)
            is_met = None if limit is None else _meets(value, limit)
            aim = "-" if limit is None else f"{limit[0]} {limit[1]:g}"
            rows.append([_title(name), f"{value:.4g}", aim, "-" if is_met is None else "met" if is_met else "missed"])
        yield Table(["Metric", "Value", "Aim", "Result"], rows)
        if self.what.is_classified:
            names = self.what.columns.classes or []
            counts = [
                [
                    name,
                    *(
                        str(int(np.sum((self.what.truth == at) & (self.what.predicted == to))))
                        for to in range(len(names))
                    ),
                ]
                for at, name in enumerate(names[:10])
            ]
            yield Table(["True \\ predicted", *names], counts)
            return
        off = np.abs(self.what.errors)
        shares = [(f"{part:.0%} of rows", float(np.quantile(off, part))) for part in (0.5, 0.75, 0.9, 1.0)]
        yield Bars("Off by at most", [Bar(label, value, f"{value:.4g}") for label, value in shares])

    def _data(self) -> Iterator[Block]:
        yield Heading("Data", 2)
        metric = "error_rate" if self.what.is_classified else "mean_absolute_error"
        for name in self.config["DataExplorer"].get("features") or []:
            self._check(name)
            groups = fairness.groups_of(self.what, name)
            common = groups.value_counts().head(8)
            bars = []
            for group, count in common.items():
                value = self._measured(metric, (groups == group).to_numpy())
                bars.append(Bar(str(group), float(count), f"{count} rows, {_title(metric).lower()} {value:.3g}"))
            yield Bars(name, bars)

    def _cohorts(self) -> Iterator[Block]:
        yield Heading("Cohorts", 2)
        wanted = self.config.get("Cohorts") or list(self.parts)
        names = [name for name, _ in self._limits()]
        rows = []
        for cohort in wanted:
            if cohort not in self.parts:
                raise AnalysisError(
                    f"Cohort {cohort!r} is not in predefined_cohorts_json; there are {list(self.parts)}."
                )
            mask = cohorts.mask_of(self.what, self.parts[cohort])
            values = [f"{self._measured(name, mask):.4g}" for name in names]
            rows.append([cohort, cohorts.words_of(self.parts[cohort]), f"{int(mask.sum())}", *values])
        yield Table(["Cohort", "Where", "Rows", *map(_title, names)], rows)

    def _importance(self) -> Iterator[Block]:
        results = sorted((self.folder / "explainer").glob("*/data/explainer"))
        if not results:
            return
        scores = plain.read(results[0] / "global_importance_values.json")["data"]
        names = plain.read(results[0] / "features.json")["data"]
        most = min(int(self.config["FeatureImportance"].get("top_n", _MOST_FEATURES)), _MOST_FEATURES)
        order = np.argsort(scores)[::-1][:most]
        yield Heading("Feature importance", 2)
        yield Paragraph("How much each feature moves what the model says, on average over the test rows.")
        yield Bars("", [Bar(names[at], float(scores[at]), f"{scores[at]:.4g}") for at in order])

    def _fairness(self) -> Iterator[Block]:
        terms = self.config["Fairness"]
        kind = terms.get("fairness_evaluation_kind", fairness.DIFFERENCE)
        known = metrics.names(is_classified=self.what.is_classified)
        wanted = [name for name in terms.get("metric") or [] if name in known]
        limit = _limit(terms.get("threshold"))
        yield Heading("Fairness", 2)
        for name in terms.get("sensitive_features") or []:
            self._check(name)
            for found in fairness.disparities(self.what, name, wanted):
                value = found.ratio if kind == fairness.RATIO else found.difference
                aim = (
                    ""
                    if limit is None
                    else f", aim {limit[0]} {limit[1]:g}: " + ("met" if _meets(value, limit) else "missed")
                )
                yield Bars(
                    f"{_title(found.metric)} by {name} ({kind} {value:.3g}{aim})",
                    [Bar(group, part, f"{part:.4g} ({rows} rows)") for group, (part, rows) in found.groups.items()],
                )
            parities = fairness.parities(self.what, name)
            if parities:
                yield Table(["Parity", "Value"], [[title, f"{value:.3g}"] for title, value in parities.items()])

    def _causal(self) -> Iterator[Block]:
        results = sorted((self.folder / "causal").glob("*/data/dashboard.json"))
        if not results:
            return
        found = plain.read(results[0])
        yield Heading("Causal effects", 2)
        yield Table(
            ["Feature", "Treatment", "Effect", "Interval", "p"],
            [
                [
                    str(each["feature"]),
                    str(each["feature_value"]),
                    f"{each['point']:.4g}",
                    f"{each['ci_lower']:.4g} to {each['ci_upper']:.4g}",
                    f"{each['p_value']:.2g}",
                ]
                for each in found["global_effects"]
            ],
        )

    def _check(self, name: str) -> None:
        if name not in self.what.features:
            raise AnalysisError(
                f"The scorecard names a feature {name!r}; there are {', '.join(self.what.features)[:1000]}."
            )


def _document(path: Path) -> Json:
    """The configuration; a folder is one with a single file in it."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    try:
        found = plain.read(files[0]) if len(files) == 1 else None
    except (OSError, ValueError) as failure:
        raise AnalysisError(f"pdf_generation_config is no JSON file: {failure}.") from None
    if not isinstance(found, dict):
        raise AnalysisError("pdf_generation_config is no JSON object. Write at least Model and Metrics.")
    return found


def _cohorts(given: Namespace) -> dict[str, list[Json]]:
    if given.predefined_cohorts_json is None:
        return {}
    try:
        listed = plain.read(Path(given.predefined_cohorts_json))
        return {str(each["name"]): list(each["cohort_filter_list"]) for each in listed}
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise AnalysisError(f"predefined_cohorts_json is no list of name and cohort_filter_list ({failure}).") from None


def _limit(text: object) -> tuple[str, float] | None:
    if text is None:
        return None
    match = _LIMIT.fullmatch(str(text))
    if match is None:
        raise AnalysisError(f"The threshold {text!r} cannot be understood. Write e.g. '>=0.7'.")
    return match[1], float(match[2])


def _meets(value: float, limit: tuple[str, float]) -> bool:
    sign, aim = limit
    if sign.startswith("<"):
        return value < aim or (sign == "<=" and value == aim)
    if sign.startswith(">"):
        return value > aim or (sign == ">=" and value == aim)
    return value == aim


def _title(name: str) -> str:
    return metrics.TITLES.get(name) or _RATES.get(name) or name
