"""Pipelines in Python, with the names of the v2 SDK: `from smalt.dsl import pipeline`. Loaded on first use."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from smalt.sdk.pipelines.control import condition, do_while, parallel_for
    from smalt.sdk.pipelines.function import pipeline
    from smalt.sdk.pipelines.groups import group
    from smalt.sdk.pipelines.settings import set_pipeline_settings

_PUBLISHED = {
    "condition": "control",
    "do_while": "control",
    "group": "groups",
    "parallel_for": "control",
    "pipeline": "function",
    "set_pipeline_settings": "settings",
}

__all__ = ["condition", "do_while", "group", "parallel_for", "pipeline", "set_pipeline_settings"]


def __getattr__(name: str) -> object:
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"smalt.sdk.pipelines.{_PUBLISHED[name]}"), name)
