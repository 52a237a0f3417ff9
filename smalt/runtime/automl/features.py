"""From the columns of a table to the numbers that learners take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, TargetEncoder

from smalt.runtime.automl.failure import DataError

_DATE = re.compile(r"^\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4})")
_FEW = 50
_MOST_HASHED_BITS = 14
_NUMERIC, _CATEGORICAL, _HASHED, _DATETIME, _TEXT, _IGNORED = (
    "numeric", "categorical", "categoricalhash", "datetime", "text", "ignore",
)  # fmt: skip
_DATE_PARTS = ("year", "quarter", "month", "day", "dayofweek", "dayofyear", "hour", "minute")


def plain(word: str) -> str:
    """`OneHotEncoder`, `one_hot_encoder`: the same word."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


class Featurizer(BaseEstimator, TransformerMixin):  # type: ignore[misc]  # scikit-learn is not installed where mypy runs
    """Turns a table into numbers.

    Args:
        settings: `featurization` of the job.
        seed: For encoders that look at the target.
        task: `classification` or `regression`.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None, seed: int = 0, task: str = "regression") -> None:
        self.settings = settings
        self.seed = seed
        self.task = task

    def fit(self, table: Any, target: Any) -> Featurizer:  # Any: a DataFrame and an array
        """Learn what the columns are, and how each becomes numbers."""
        self.fit_transform(table, target)
        return self

    def fit_transform(self, table: Any, target: Any = None, **_: Any) -> Any:  # Any: DataFrame, array; matrix
        """Learn, and turn the same table: encoders that look at the target see only other rows for each row."""
        given = self.settings or {}
        self.is_off_ = given.get("mode") == "off"
        self.kinds_ = self._off(table) if self.is_off_ else self._kinds(table, given.get("column_name_and_types") or {})
        if not any(kind != _IGNORED for kind in self.kinds_.values()):
            raise DataError("No column of the table can be used: all are constant, empty or ignored.")
        prepared = self._prepared(table)
        self.inner_ = self._transformer(prepared, given)
        return self.inner_.fit_transform(prepared, target)

    def transform(self, table: Any) -> Any:  # Any: a DataFrame; a matrix
        """The numbers of other rows."""
        return self.inner_.transform(self._prepared(table))

    def _off(self, table: Any) -> dict[str, str]:
        texts = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
        if texts:
            raise DataError(
                f"Featurization is off, but these columns hold no numbers: {', '.join(map(str, texts))}. "
                "Drop them, or set featurization.mode to auto."
            )
        return dict.fromkeys(table.columns, _NUMERIC)

    def _kinds(self, table: Any, told: Mapping[str, str]) -> dict[str, str]:
        unknown = [name for name in told if name not in table.columns]
        if unknown:
            raise DataError(f"featurization names columns that the table lacks: {', '.join(unknown)}.")
        found = {name: kind_of(table[name]) for name in table.columns}
        known = {"hashes": _IGNORED, "allnan": _IGNORED}
        return found | {name: known.get(plain(kind), plain(kind)) for name, kind in told.items()}

    def _prepared(self, table: Any) -> Any:
        """Columns in the form that the transformers of their kind expect."""
        missing = [str(name) for name, kind in self.kinds_.items() if kind != _IGNORED and name not in table.columns]
        if missing:
            raise DataError(f"The table lacks columns that the model was trained with: {', '.join(missing)}.")
        columns = {}
        for name, kind in self.kinds_.items():
            if kind == _NUMERIC:
                columns[str(name)] = pd.to_numeric(table[name], errors="coerce").astype("float64")
            elif kind == _DATETIME:
                columns |= _date_parts(str(name), table[name])
            elif kind != _IGNORED:
                texts = table[name].astype(object)
                columns[str(name)] = texts.where(texts.isna(), texts.astype(str)).where(~texts.isna(), np.nan)
        return pd.DataFrame(columns, index=table.index)

    def _transformer(self, table: Any, given: Mapping[str, Any]) -> Any:  # Any: a ColumnTransformer
        if self.is_off_:
            return ColumnTransformer([("numbers", "passthrough", list(table.columns))])
        blocked = {plain(word) for word in given.get("blocked_transformers") or []}
        params = {plain(key): items for key, items in (given.get("transformer_params") or {}).items()}
        imputers = _by_column(params.get("imputer") or [])
        unknown = [name for name in imputers if name not in {*map(str, self.kinds_), "*"}]
        if unknown:
            raise DataError(f"The imputer names columns that the table lacks: {', '.join(unknown)}.")
        bits = _by_column(params.get("hashonehotencoder") or []).get("*", {}).get("number_of_bits")
        # Columns that are treated alike share one transformer: a transformer costs the same for one column and many.
        shared: dict[Any, tuple[Any, list[str]]] = {}
        parts = []
        for name in table.columns:
            kind = self.kinds_.get(name, _NUMERIC)
            if kind == _TEXT:
                parts.append((name, _text(blocked, name), name))
                continue
            told = imputers.get(name, imputers.get("*", {}))
            steps = [_imputer(told, is_number=kind not in {_CATEGORICAL, _HASHED})]
            if kind in {_CATEGORICAL, _HASHED}:
                steps.append(self._encoder(table[name], blocked, is_hashed=kind == _HASHED, bits=bits))
            alike = tuple(map(repr, steps))
            shared.setdefault(alike, (make_pipeline(*steps), []))[1].append(name)
        parts += [(names[0], transformer, names) for transformer, names in shared.values()]
        return ColumnTransformer(parts, sparse_threshold=0.3, verbose_feature_names_out=False)

    def _encoder(self, column: Any, blocked: set[str], *, is_hashed: bool, bits: Any) -> Any:
        is_few = column.nunique() <= _FEW
        ways = ("onehotencoder", "cattargetencoder", "hashonehotencoder", "labelencoder")
        order = ("hashonehotencoder", *ways) if is_hashed else ways if is_few else (*ways[1:], ways[0])
        way = next((each for each in order if each not in blocked), None)
        if way == "onehotencoder":
            return OneHotEncoder(handle_unknown="ignore", dtype="float64")
        if way == "cattargetencoder":
            folds = KFold(5, shuffle=True, random_state=self.seed)
            return TargetEncoder(target_type="continuous" if self.task == "regression" else "auto", cv=folds)
        if way == "hashonehotencoder":
            count = 2 ** min(int(bits or 8), _MOST_HASHED_BITS)
            return make_pipeline(FunctionTransformer(_as_words), FeatureHasher(count, input_type="string"))
        if way == "labelencoder":
            return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        raise DataError(
            f"Every transformer for the categories of column {column.name!r} is blocked. Allow one of OneHotEncoder, "
            "CatTargetEncoder, HashOneHotEncoder, LabelEncoder, or give the column the type Ignore."
        )


def kind_of(column: Any) -> str:  # Any: a Series
    """What a column holds."""
    filled = column.dropna()
    if filled.nunique() <= 1:
        return _IGNORED
    if pd.api.types.is_bool_dtype(column):
        return _NUMERIC
    if pd.api.types.is_numeric_dtype(column):
        return _NUMERIC
    if pd.api.types.is_datetime64_any_dtype(column):
        return _DATETIME
    texts = filled.astype(str)
    if texts.head(200).map(lambda text: bool(_DATE.match(text))).mean() > 0.95:
        return _DATETIME
    share = texts.nunique() / len(texts)
    words = texts.head(500).str.split().map(len).mean()
    if words >= 4 and share > 0.3:
        return _TEXT
    return _IGNORED if share > 0.95 and len(texts) > _FEW else _CATEGORICAL


def _date_parts(name: str, column: Any) -> dict[str, Any]:
    moments = pd.to_datetime(column, errors="coerce", format="mixed")
    return {f"{name}_{part}": getattr(moments.dt, part).astype("float64") for part in _DATE_PARTS}


def _by_column(items: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Parameters by column; `*` where no column is named."""
    return {name: item.get("parameters") or {} for item in items for name in item.get("fields") or ["*"]}


def _imputer(parameters: Mapping[str, Any], *, is_number: bool) -> Any:
    strategy = str(parameters.get("strategy", "mean" if is_number else "most_frequent"))
    if strategy == "ffill":  # along time, which has been done before
        strategy = "mean" if is_number else "most_frequent"
    if not is_number and strategy in {"mean", "median"}:
        raise DataError(f"The imputer strategy {strategy!r} is for numbers. Write most_frequent or constant.")
    if strategy != "constant":
        return SimpleImputer(strategy=strategy, keep_empty_features=True)
    fill = parameters.get("fill_value", 0 if is_number else "missing")
    return SimpleImputer(strategy=strategy, fill_value=fill if is_number else str(fill), keep_empty_features=True)


def _text(blocked: set[str], name: str) -> Any:
    fill = FunctionTransformer(_as_texts)
    if "tfidf" not in blocked:
        return make_pipeline(fill, TfidfVectorizer(max_features=2000, sublinear_tf=True, ngram_range=(1, 2)))
    if "countvectorizer" not in blocked:
        return make_pipeline(fill, CountVectorizer(max_features=2000))
    raise DataError(
        f"Every transformer for the text of column {name!r} is blocked. Allow TfIdf or CountVectorizer, or give the "
        "column the type Ignore."
    )


def _as_texts(column: Any) -> Any:
    return pd.Series(np.asarray(column, dtype=object).ravel()).fillna("").astype(str)


def _as_words(columns: Any) -> Any:
    """Each row as words that say their column, so that equal categories of two columns stay apart."""
    rows = np.asarray(columns, dtype=object)
    return [[f"{number}={value}" for number, value in enumerate(row)] for row in rows]
