"""Forecasts of one or many series: learners over calendar, lags and known columns, and the classic per-series rules."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from smalt.runtime.automl.failure import DataError
from smalt.runtime.automl.models import Model, TabularModel

Array = Any  # of numpy, which is not installed where mypy runs
Frame = Any  # of pandas, which is not installed where mypy runs

RULES = frozenset({"naive", "seasonal_naive", "average", "seasonal_average", "exponential_smoothing"})
"""Learners that look at each series alone, and only at its past."""

_SEASONS = {"min": 60, "h": 24, "B": 5, "D": 7, "W": 52, "MS": 12, "ME": 12, "QS": 4, "QE": 4}
_NEW_NAMES = {"H": "h", "T": "min", "S": "s", "M": "ME", "Q": "QE", "Y": "YE", "A": "YE", "YS": "YS", "AS": "YS"}
_PARTS = ("year", "quarter", "month", "day", "dayofweek", "dayofyear", "hour", "minute")
_TARGET = "__target__"
_SMOOTHED_SEASONS = 30
_MOST_CANDIDATES = 8
_LEAST_ROWS_OF_A_SERIES = 4


class Forecaster(Model):
    """Forecasts rows that come after those it was trained with.

    Args:
        learner: As in YAML.
        params: Of the learner.
        forecasting: Of the job.
        featurization: Of the job.
        target: Name of the target column, which imputers may name.
        seed: For whatever draws.
        cores: For learners that use several.
    """

    def __init__(
        self,
        learner: str = "naive",
        params: Mapping[str, Any] | None = None,
        forecasting: Mapping[str, Any] | None = None,
        featurization: Mapping[str, Any] | None = None,
        target: str = "",
        seed: int = 0,
        cores: int = 1,
    ) -> None:
        self.learner = learner
        self.params = params
        self.forecasting = forecasting
        self.featurization = featurization
        self.target = target
        self.seed = seed
        self.cores = cores

    def fit(self, table: Frame, target: Array, weight: Array | None = None) -> Forecaster:
        """Learn from the past of every series."""
        given = dict(self.forecasting or {})
        self.time_ = given["time_column_name"]
        self.ids_ = list(given.get("time_series_id_column_names") or [])
        unknown = set(given.get("features_unknown_at_forecast_time") or [])
        self._check(table)
        self.known_ = [name for name in table.columns if name not in {self.time_, *self.ids_, *unknown}]
        frame = table.assign(**{_TARGET: np.asarray(target, dtype=float)})
        frame[self.time_] = _moments(frame[self.time_])
        self.frequency_ = _frequency(frame, self.time_, self.ids_, given.get("frequency"))
        series = {key: self._regular(part) for key, part in self._series(frame).items()}
        longest = max(len(part) for part in series.values())
        self.season_ = _season(given.get("seasonality"), self.frequency_, longest)
        self.lags_ = _lags(given.get("target_lags"), self.season_, longest)
        window = given.get("target_rolling_window_size")
        self.window_ = self.season_ if window == "auto" else window
        self.history_ = self._long_enough(series, given.get("short_series_handling_config"))
        self.start_ = min(part.index[0] for part in self.history_.values())
        self.holidays_ = _holidays(given.get("country_or_region_for_holidays"))
        if self.learner not in RULES:
            self._train()
        return self

    def numbers(self, table: Frame) -> Array:
        """The forecast of each row."""
        self._check(table)
        frame = table.reset_index(drop=True).copy()
        frame[self.time_] = _moments(frame[self.time_])
        parts = self._series(frame)
        grids = {key: self._ahead(key, part[self.time_]) for key, part in parts.items()}
        if self.learner in RULES:
            values = {key: self._by_rule(self.history_[key][_TARGET].to_numpy(), len(grids[key])) for key in grids}
        else:
            values = self._by_model(parts, grids)
        found = np.full(len(frame), np.nan)
        for key, part in parts.items():
            found[part.index.to_numpy()] = pd.Series(values[key], index=grids[key]).loc[part[self.time_]].to_numpy()
        return found

    def next_rows(self, table: Frame) -> Frame:
        """For the first series the last row of each, moved to the next time."""
        rows = []
        for key in list(self.history_)[:5]:
            mine = table
            for name, value in zip(self.ids_, key, strict=True):
                mine = mine[mine[name] == value]
            last = mine.iloc[[-1]].copy()
            following = pd.date_range(self.history_[key].index[-1], periods=2, freq=self.frequency_)[-1]
            last[self.time_] = str(following) if table[self.time_].dtype == object else following
            rows.append(last)
        return pd.concat(rows, ignore_index=True)

    def training_rows(self) -> tuple[Frame, Array, TabularModel] | None:
        """Features and target that the inner model was trained with; None for rules that have no features."""
        return None if self.learner in RULES else (*self._rows(), self.model_)

    def _check(self, table: Frame) -> None:
        missing = [name for name in (self.time_, *self.ids_) if name not in table.columns]
        if missing:
            raise DataError(f"The data has no column {missing[0]!r}, which forecasting names.")

    def _series(self, frame: Frame) -> dict[tuple[Any, ...], Frame]:
        if not self.ids_:
            return {(): frame}
        return {
            key if isinstance(key, tuple) else (key,): part
            for key, part in frame.groupby(self.ids_, sort=True, observed=True)
        }

    def _regular(self, part: Frame) -> Frame:
        """A series on its grid of times, without gaps."""
        how = (self.forecasting or {}).get("target_aggregate_function")
        part = part.sort_values(self.time_).set_index(self.time_)
        if how and how.lower() != "none":
            numbers = part[[_TARGET]].resample(self.frequency_).agg(how.lower())
            part = part.drop(columns=[_TARGET]).resample(self.frequency_).first().join(numbers)
        if part.index.has_duplicates:
            moment = part.index[part.index.duplicated()][0]
            raise DataError(
                f"Several rows are of {moment}. Name the columns that tell series apart "
                "(time_series_id_column_names), or a target_aggregate_function."
            )
        grid = pd.date_range(part.index[0], part.index[-1], freq=self.frequency_)
        if not part.index.isin(grid).mean() > 0.5:
            raise DataError(f"The times do not lie on the frequency {self.frequency_!r}. Set forecasting.frequency.")
        regular = part.reindex(grid)
        regular[self.ids_] = regular[self.ids_].ffill()
        return self._filled(regular)

    def _filled(self, part: Frame) -> Frame:
        params = (self.featurization or {}).get("transformer_params") or {}
        items = [item for key, items in params.items() if key.lower() == "imputer" for item in items]
        ways = {name: item.get("parameters") or {} for item in items for name in item.get("fields") or []}
        way = ways.get(self.target, {"strategy": "ffill"})
        values = part[_TARGET]
        fill = {"mean": values.mean, "median": values.median, "constant": lambda: float(way.get("fill_value", 0))}
        strategy = str(way.get("strategy", "ffill"))
        part[_TARGET] = values.fillna(fill[strategy]()) if strategy in fill else values.ffill().bfill()
        along = [name for name, each in ways.items() if each.get("strategy") == "ffill" and name in self.known_]
        part[along] = part[along].ffill()
        return part

    def _long_enough(self, series: Mapping[tuple[Any, ...], Frame], handling: str | None) -> dict[Any, Frame]:
        least = max([2, *[lag + 2 for lag in self.lags_], (self.window_ or 0) + 2])
        short = [key for key, part in series.items() if len(part) < least]
        if short and (handling or "auto").lower() == "none":
            raise DataError(f"The series {short[0]} has fewer than {least} rows, and short series are not handled.")
        kept = {key: part for key, part in series.items() if key not in short}
        if not kept:
            raise DataError(f"No series has the {least} rows that lags and windows need. Lower these.")
        return kept

    def _rows(self) -> tuple[Frame, Array]:
        parts = []
        for key, part in self.history_.items():
            rows = self._features(key, part.index, part)
            values = part[_TARGET]
            for lag in self.lags_:
                rows[f"lag_{lag}"] = values.shift(lag).to_numpy()
            if self.window_:
                past = values.shift(1).rolling(self.window_)
                rows |= {"window_mean": past.mean().to_numpy(), "window_least": past.min().to_numpy(),
                         "window_most": past.max().to_numpy()}  # fmt: skip
            parts.append(pd.DataFrame({**rows, _TARGET: values.to_numpy()}))
        frame = pd.concat(parts, ignore_index=True)
        made = [name for name in frame.columns if str(name).startswith(("lag_", "window_"))]
        frame = frame.dropna(subset=made).reset_index(drop=True)
        return frame.drop(columns=[_TARGET]), frame[_TARGET].to_numpy()

    def _features(self, key: tuple[Any, ...], index: Any, part: Frame) -> dict[str, Any]:
        """The columns that are known at any time."""
        rows: dict[str, Any] = {f"time_{name}": getattr(index, name).to_numpy(dtype=float) for name in _PARTS}
        rows["time_passed"] = (index - self.start_) / pd.Timedelta(days=1)
        if self.holidays_ is not None:
            rows["is_holiday"] = np.array([float(each.date() in self.holidays_) for each in index])
        rows |= {f"series_{name}": np.full(len(index), str(value)) for name, value in zip(self.ids_, key, strict=True)}
        return rows | {name: part[name].to_numpy() for name in self.known_}

    def _train(self) -> None:
        table, target = self._rows()
        settings = dict(self.featurization or {})
        told = {name: kind for name, kind in (settings.get("column_name_and_types") or {}).items()
                if name in self.known_}  # fmt: skip
        params = {
            key: [{**item, "fields": [name for name in item.get("fields") or [] if name in table.columns]}
                  for item in items]
            for key, items in (settings.get("transformer_params") or {}).items()
        }  # fmt: skip
        settings |= {"column_name_and_types": told, "transformer_params": params, "mode": "custom"}
        model = TabularModel("regression", self.learner, self.params, settings, self.seed, self.cores)
        self.model_ = model.fit(table, target)

    def _ahead(self, key: tuple[Any, ...], wanted: Any) -> Any:  # Any: a Series; a DatetimeIndex
        """The times from the end of a series to the last that is wanted."""
        if key not in self.history_:
            named = ", ".join(map(str, key))
            raise DataError(f"The series {named} was not among the training data, or was too short there.")
        end = self.history_[key].index[-1]
        if wanted.min() <= end:
            raise DataError(f"Row {wanted.min()} is not after the training data, which ends at {end}.")
        grid = pd.date_range(end, wanted.max(), freq=self.frequency_)
        grid = grid[grid > end]
        if not wanted.isin(grid).all():
            off = wanted[~wanted.isin(grid)].iloc[0]
            raise DataError(f"The time {off} does not lie on the frequency {self.frequency_!r} of the training data.")
        return grid

    def _by_rule(self, past: Array, steps: int) -> Array:
        params, season = self.params or {}, self.season_
        if self.learner == "naive":
            return np.full(steps, past[-1])
        if self.learner == "seasonal_naive":
            return np.resize(past[-season:], steps)
        count = int(params.get("window") or 0)
        if self.learner == "average":
            return np.full(steps, past[-count * season :].mean())
        if self.learner == "seasonal_average":
            recent = past[-(len(past) // season or 1) * season :][-count * season :] if season > 1 else past
            return (
                np.resize(recent.reshape(-1, season).mean(axis=0), steps)
                if season > 1
                else np.full(steps, recent.mean())
            )
        return _smoothed(past[-season * _SMOOTHED_SEASONS :] if season > 1 else past[-500:], season, steps, params)

    def _by_model(self, parts: Mapping[Any, Frame], grids: Mapping[Any, Any]) -> dict[Any, Array]:
        rows = pd.concat([self._known_ahead(key, parts[key], grids[key]) for key in grids], ignore_index=True)
        if not self.lags_ and not self.window_:
            return _apart(self.model_.numbers(rows), grids)
        # One step at a time for all series together, as each step needs the one before it.
        step_of = np.concatenate([np.arange(len(grid)) for grid in grids.values()])
        key_of = np.repeat(np.arange(len(grids)), [len(grid) for grid in grids.values()])
        values = [list(self.history_[key][_TARGET].to_numpy()) for key in grids]
        for step in range(step_of.max() + 1):
            here = np.flatnonzero(step_of == step)
            past = [values[each] for each in key_of[here]]
            batch = rows.iloc[here].assign(**self._from_the_past(past))
            for each, number in zip(past, self.model_.numbers(batch), strict=True):
                each.append(float(number))
        return {key: np.array(found[-len(grids[key]) :]) for key, found in zip(grids, values, strict=True)}

    def _known_ahead(self, key: tuple[Any, ...], part: Frame, grid: Any) -> Frame:
        missing = [name for name in self.known_ if name not in part.columns]
        if missing:
            raise DataError(f"The rows to forecast lack the column {missing[0]!r}, which the model was trained with.")
        future = part.drop_duplicates(self.time_).set_index(self.time_).reindex(grid)
        future[self.known_] = future[self.known_].ffill()
        return pd.DataFrame(self._features(key, grid, future))

    def _from_the_past(self, past: Sequence[list[float]]) -> dict[str, list[float]]:
        """Lags and windows of series that end at the present step."""
        found = {f"lag_{lag}": [values[-lag] for values in past] for lag in self.lags_}
        if self.window_:
            recent = [values[-self.window_ :] for values in past]
            found |= {
                "window_mean": [float(np.mean(each)) for each in recent],
                "window_least": [min(each) for each in recent],
                "window_most": [max(each) for each in recent],
            }
        return found


def _apart(numbers: Array, grids: Mapping[Any, Any]) -> dict[Any, Array]:
    ends = np.cumsum([len(grid) for grid in grids.values()])
    return dict(zip(grids, np.split(numbers, ends[:-1]), strict=True))


def horizon_of(forecasting: Mapping[str, Any], season: int) -> int:
    """How far a forecast reaches."""
    horizon = forecasting.get("forecast_horizon")
    return horizon if isinstance(horizon, int) else max(season, 1)


def with_series(given: Mapping[str, Any], table: Frame) -> dict[str, Any]:
    """The settings with the columns that tell series apart: the first few that differ in any two rows of one time.

    Settings that name them, or that add up rows of one time, stay as they are, and so do those of tables without any.
    """
    time, adds_up = given["time_column_name"], (given.get("target_aggregate_function") or "none").lower() != "none"
    if given.get("time_series_id_column_names") or adds_up or time not in table or not table[time].duplicated().any():
        return dict(given)
    few = [name for name in table.columns if name != time and _could_tell_apart(table[name])][:_MOST_CANDIDATES]
    chosen = (names for size in (1, 2, 3) for names in itertools.combinations(few, size))
    found = next((names for names in chosen if not table.duplicated([time, *names]).any()), ())
    return {**given, "time_series_id_column_names": list(found)}


def _could_tell_apart(column: Frame) -> bool:
    is_measured = pd.api.types.is_float_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    return not is_measured and bool(column.nunique() * _LEAST_ROWS_OF_A_SERIES <= len(column))


def folds(settings: Mapping[str, Any], table: Frame) -> list[tuple[Array, Array]]:
    """Rows to train with and rows to judge by, for origins that move back in time.

    Raises:
        DataError: The table is too short for one.
    """
    given = settings["forecasting"]
    name = given["time_column_name"]
    if name not in table.columns:
        raise DataError(f"The data has no column {name!r}, which forecasting names.")
    moments = _moments(table[name])
    times = np.sort(moments.unique())
    ids = list(given.get("time_series_id_column_names") or [])
    season = _season(
        given.get("seasonality"),
        _frequency(table.assign(**{name: moments}), name, ids, given.get("frequency")),
        len(times),
    )
    horizon = horizon_of(given, season)
    if settings.get("validation_size"):
        horizon = max(int(len(times) * settings["validation_size"]), 1)
    wanted = settings.get("folds")
    count = wanted if isinstance(wanted, int) else 1 if settings.get("validation_size") else 3
    step = given.get("cv_step_size") or horizon
    found = []
    for number in range(count):
        end = len(times) - number * step
        if end - horizon < max(horizon, 4):
            break
        first, last = times[end - horizon], times[end - 1]
        train, rest = moments < first, (moments >= first) & (moments <= last)
        found.append((np.flatnonzero(train), np.flatnonzero(rest)))
    if not found:
        raise DataError(
            f"The table has {len(times)} times, too few to hold back {horizon} for validation. Lower forecast_horizon."
        )
    return found


def _moments(column: Any) -> Any:
    moments = pd.to_datetime(column, errors="coerce", format="mixed")
    if moments.isna().any():
        raise DataError(f"The time column {column.name!r} holds {column[moments.isna()].iloc[0]!r}, which is no time.")
    return moments


def _frequency(frame: Frame, time: str, ids: list[str], given: str | None) -> str:
    if given:
        match = re.match(r"^(\d*)([A-Za-z]+)(-.*)?$", given)
        if match is None:
            raise DataError(f"The frequency {given!r} is not understood. Write e.g. D, h, W-THU or MS.")
        named = f"{match[1]}{_NEW_NAMES.get(match[2], match[2])}{match[3] or ''}"
        try:
            pd.tseries.frequencies.to_offset(named)
        except ValueError:
            raise DataError(f"The frequency {given!r} is not understood. Write e.g. D, h, W-THU or MS.") from None
        return named
    parts = [part for _, part in frame.groupby(ids)] if ids else [frame]
    times = pd.DatetimeIndex(max(parts, key=len)[time].drop_duplicates().sort_values())
    found = pd.infer_freq(times[:500]) if len(times) > 2 else None
    if found:
        return str(found)
    gaps = pd.Series(times).diff().dropna()
    if gaps.empty:
        raise DataError("A series must have at least two times. Set forecasting.frequency, or give more rows.")
    return str(pd.tseries.frequencies.to_offset(gaps.mode().iloc[0]).freqstr)


def _season(given: Any, frequency: str, length: int) -> int:
    if isinstance(given, int):
        return given
    match = re.match(r"^(\d*)([A-Za-z]+)", frequency)
    found = _SEASONS.get(match[2], 1) if match else 1
    found = max(found // int(match[1] or 1), 1) if match else 1
    return found if length >= 2 * found + 2 else 1


def _lags(given: Any, season: int, longest: int) -> list[int]:
    if given is None:
        return []
    if given == "auto":
        return sorted({lag for lag in (1, 2, season) if lag < longest // 3})
    return sorted({*given} if isinstance(given, list) else {int(given)})


def _holidays(country: str | None) -> Any:
    """Days that are asked for with `in`."""
    if not country:
        return None
    import holidays

    try:
        return holidays.country_holidays(country.upper())
    except NotImplementedError:
        raise DataError(f"The holidays of {country!r} are not known. Write an ISO code such as US or DE.") from None


def _smoothed(past: Array, season: int, steps: int, params: Mapping[str, Any]) -> Array:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    trend, seasonal = params.get("trend", "damped"), params.get("seasonal", "add")
    has_season = seasonal == "add" and season > 1 and len(past) >= 2 * season
    has_trend = trend != "none" and len(past) >= 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: the trial's score says whether it was any good
        fitted = ExponentialSmoothing(
            past,
            trend="add" if has_trend else None,
            damped_trend=has_trend and trend == "damped",
            seasonal="add" if has_season else None,
            seasonal_periods=season if has_season else None,
            initialization_method="estimated",
        ).fit()
        return np.asarray(fitted.forecast(steps), dtype=float)
