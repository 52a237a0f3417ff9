"""Constraints that package metadata leaves out, although the packages break without them."""

from __future__ import annotations

from collections.abc import Iterable

from smalt.environments.requirements import ceiling_of, name_of, release_of, specifiers_of

# Releases before these were compiled against NumPy 1 and do not say so.
_FIRST_WITH_NUMPY_2 = {
    "matplotlib": (3, 8, 4),
    "pandas": (2, 2, 2),
    "pyarrow": (16,),
    "scikit-learn": (1, 4),
    "scipy": (1, 13),
    "statsmodels": (0, 14, 2),
    "torch": (2, 3),
}
_MLFLOW = ("mlflow", "mlflow-skinny")


def known_constraints(requirements: Iterable[str], *, python: str | None) -> tuple[str, ...]:
    """The constraints to add to a set of requirements so that what resolves also works."""
    lines = {name: line for line in requirements if (name := name_of(line)) is not None}
    found: list[str] = []
    if any(name in lines for name in (*_MLFLOW, "azureml-mlflow")) and not any(
        _chooses_mlflow_version(lines[name]) for name in _MLFLOW if name in lines
    ):
        # Newer ones save scikit-learn models in a format whose package they do not require.
        found += ["mlflow<3", "mlflow-skinny<3"]
    if "numpy" not in lines or not specifiers_of(lines["numpy"]):
        old = [name for name, first in _FIRST_WITH_NUMPY_2.items() if _is_older(lines.get(name), first)]
        if old:
            found.append("numpy<2")
    if python is not None and release_of(python) <= (3, 8):
        # The distributions for 3.8 that pair with newer ones were never published.
        found.append("opentelemetry-sdk<1.30")
    return tuple(found)


def _is_older(line: str | None, release: tuple[int, ...]) -> bool:
    ceiling = ceiling_of(line) if line else None
    return ceiling is not None and ceiling < release


def _chooses_mlflow_version(line: str) -> bool:
    if ceiling_of(line) is not None:
        return True
    return any(operator in {">=", ">"} and release_of(version) >= (3,) for operator, version in specifiers_of(line))
