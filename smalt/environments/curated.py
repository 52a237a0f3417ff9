"""Recipes behind curated environment names: the packages that job code relies on, without the container image."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_MLFLOW = "mlflow-skinny>=2.10,<2.19"
_TOOLS = ("joblib~=1.2", "psutil", "tqdm")
_CLASSIC = ("pandas~=1.5.3", "numpy~=1.22", "scipy~=1.10", "matplotlib~=3.5", _MLFLOW, *_TOOLS)
# TensorFlow's full wheel is only larger where there is no GPU.
_CPU_LINUX = "sys_platform == 'linux' and platform_machine == 'x86_64'"
_ELSEWHERE = "sys_platform != 'linux' or platform_machine != 'x86_64'"


@dataclass(frozen=True)
class CuratedRecipe:
    """What stands for a curated environment.

    Attributes:
        python: The minor version; None where the default interpreter serves as well.
        requirements: What to install.
        remark: What the person should know about the difference.
    """

    python: str | None
    requirements: tuple[str, ...]
    remark: str | None = None


def curated_name(reference: str) -> str | None:
    """The bare curated name inside a reference, e.g. `sklearn-1.5`; None if it is not a reference to a curated one.

    Understood are `AzureML-sklearn-1.5` (with `azureml:`, `@label` or `:version`), registry URIs and registry ids of
    the registry `azureml`, and the images `mcr.microsoft.com/azureml/curated/...`.
    """
    for pattern in _REFERENCES:
        match = pattern.match(reference.strip())
        if match:
            return re.sub(r"(?i)^azureml-", "", match[1])
    return None


def find_recipe(name: str) -> CuratedRecipe | None:
    """The recipe of a curated environment in any spelling of its name, if there is one."""
    bare = re.sub(r"(?i)^azureml-", "", curated_name(name) or name)
    bare = re.split(r"[@:]", bare)[0].lower()
    for pattern, make in _FAMILIES:
        match = pattern.match(bare)
        if match:
            recipe = make(match)
            python = re.search(r"py3(\d{1,2})(?!\d)", bare)
            return CuratedRecipe(f"3.{python[1]}", recipe.requirements, recipe.remark) if python else recipe
    return None


_REFERENCES = (
    re.compile(r"(?i)^azureml://registries/azureml(?:-[a-z]+)?/environments/([^/@:]+)"),
    re.compile(r"(?i)^.*/registries/azureml/environments/([^/@:]+)"),
    re.compile(r"(?i)^mcr\.microsoft\.com/azureml/curated/([^/@:]+)"),
    re.compile(r"(?i)^mcr\.microsoft\.com/azureml/(promptflow)/[^/@:]+"),
    re.compile(r"(?i)^(?:azureml:)?(azureml-[\w.-]+)(?:[@:].*)?$"),
)


def _sklearn(match: re.Match[str]) -> CuratedRecipe:
    minor = match[1] or "1.5"
    if tuple(int(part) for part in minor.split(".")) >= (1, 5):
        return CuratedRecipe("3.10", (f"scikit-learn~={minor}.0", *_CLASSIC))
    return CuratedRecipe("3.8", (f"scikit-learn~={minor}.0", "pandas<2", "matplotlib", "scipy", _MLFLOW, *_TOOLS))


def _lightgbm(match: re.Match[str]) -> CuratedRecipe:
    return CuratedRecipe("3.10", ("scikit-learn~=1.5.1", "xgboost~=1.7.6", "lightgbm>=4.6", *_CLASSIC))


def _tensorflow(match: re.Match[str]) -> CuratedRecipe:
    version = match[1] or "2.16"
    requirements = (
        f"tensorflow-cpu~={version}.0; {_CPU_LINUX}",
        f"tensorflow~={version}.0; {_ELSEWHERE}",
        "pandas",
        "matplotlib~=3.5",
        "scipy",
        _MLFLOW,
        *_TOOLS,
    )
    return CuratedRecipe("3.10", requirements, "TensorFlow is the CPU build of the same version.")


def _pytorch(match: re.Match[str]) -> CuratedRecipe:
    version = match[1] or "2.0"
    requirements = (f"torch>={version}", "numpy", "pandas", "matplotlib", "tensorboard", _MLFLOW, *_TOOLS)
    remark = (
        f"PyTorch {version} or newer on the default Python stands for it; the operator's constraints choose the build."
    )
    return CuratedRecipe(None, requirements, remark)


RESPONSIBLE_AI = "responsibleai-tabular"


def _responsible_ai_tabular(match: re.Match[str]) -> CuratedRecipe:
    requirements = (
        "econml>=0.16,<1",
        "fairlearn>=0.12,<1",
        "lightgbm>=4.6,<5",
        # Later ones save models of scikit-learn in a form that they do not load again without being told to.
        "mlflow-skinny>=3.1,<3.5",
        # EconML does not take the texts of pandas 3.
        "pandas>=2.2,<3",
        "pyarrow",
        "reportlab>=4.2,<5",
        "scikit-learn>=1.6,<2",
        f"mltable>=1.6; {_CPU_LINUX} and python_version < '3.13'",
        *_TOOLS,
    )
    remark = "Fairlearn, EconML and LightGBM stand for the toolbox; name responsibleai in a conda file to have that."
    return CuratedRecipe(None, requirements, remark)


def _responsible_ai(match: re.Match[str]) -> CuratedRecipe:
    requirements = (
        "responsibleai~=0.36.0",
        "raiwidgets~=0.36.0",
        "scikit-learn~=1.5.1",
        "pandas<2.1",
        "plotly",
        _MLFLOW,
        *_TOOLS,
    )
    return CuratedRecipe("3.10", requirements)


def _automl(match: re.Match[str]) -> CuratedRecipe:
    requirements = (
        "scikit-learn>=1.9,<2",
        "lightgbm>=4.6,<5",
        # The build without CUDA; the plain one brings hundreds of megabytes of it.
        "xgboost-cpu>=3,<4",
        "optuna>=4.5,<6",
        "statsmodels>=0.14,<1",
        "holidays<1",
        "pandas>=2.2,<3",
        "pyarrow",
        "mlflow-skinny>=3.1,<4",
    )
    return CuratedRecipe(None, requirements, "scikit-learn, LightGBM, XGBoost and Optuna stand for the AutoML engine.")


def _model_monitoring(match: re.Match[str]) -> CuratedRecipe:
    requirements = ("numpy>=2,<3", "scipy>=1.15,<2", "pandas>=2.2,<4", "pyarrow", "scikit-learn>=1.6,<2")
    return CuratedRecipe(None, requirements, "What signals of monitors are measured with.")


FLOWS = (
    "cryptography>=46",
    "httptools>=0.7,<1",
    "httpx2>=2.10,<3",
    "jinja2>=3.1.6,<4",
    "msgspec>=0.20,<1",
    "openai>=1.99,<3",
    "pydantic>=2.12,<3",
    "pyyaml>=6.0.2,<7",
)
"""What the engine of flows needs besides itself, which is brought along."""


LANGUAGE = (
    "accelerate>=1.10,<2",
    "jinja2>=3.1.6,<4",
    "peft>=0.17,<1",
    "safetensors>=0.6,<1",
    "torch>=2.6,<3",
    "transformers>=4.56,<6",
)
"""What language models are served and trained with."""


def _language(match: re.Match[str]) -> CuratedRecipe:
    remark = "transformers and PEFT on the default Python; the operator's constraints choose the build of PyTorch."
    return CuratedRecipe(None, LANGUAGE, remark)


def _promptflow(match: re.Match[str]) -> CuratedRecipe:
    return CuratedRecipe(None, FLOWS, "smalt's own engine stands for the runtime of prompt flow.")


def _mldesigner(match: re.Match[str]) -> CuratedRecipe:
    """What steps run in that are Python functions; those that return plain values write them to their run as well."""
    tracking = () if match[1] else ("azure-ai-ml>=1.20,<2", _MLFLOW)
    return CuratedRecipe(None, ("mldesigner>=0.1.0b18,<1", *tracking))


_FAMILIES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], CuratedRecipe]], ...] = (
    (re.compile(r"sklearn(?:-(\d+\.\d+))?(?:[-.].*)?$"), _sklearn),
    (re.compile(r"lightgbm(?:-.*)?$"), _lightgbm),
    (re.compile(r"tensorflow(?:-(\d+\.\d+))?(?:[-.].*)?$"), _tensorflow),
    (re.compile(r"(?:acpt-)?pytorch(?:-(\d+\.\d+))?(?:[-.].*)?$"), _pytorch),
    (re.compile(rf"{RESPONSIBLE_AI}$"), _responsible_ai_tabular),
    (re.compile(r"responsibleai(?:-.*)?$"), _responsible_ai),
    (re.compile(r"automl(?:-.*)?$"), _automl),
    (re.compile(r"model-monitoring(?:-.*)?$"), _model_monitoring),
    (re.compile(r"promptflow(?:-.*)?$"), _promptflow),
    (re.compile(r"mldesigner(-minimal)?$"), _mldesigner),
    (re.compile(r"(?:foundation-model-inference|acft-hf-nlp(?:-gpu)?|model-management)(?:-.*)?$"), _language),
)
