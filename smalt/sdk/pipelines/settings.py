"""Settings of the pipeline that is being written, made from inside its function."""

from __future__ import annotations

from smalt.sdk.pipelines import stack
from smalt.sdk.pipelines.nodes import Node


def set_pipeline_settings(*, on_init: Node | str | None = None, on_finalize: Node | str | None = None) -> None:
    """Name the step that runs before all others, and the one that runs after them whatever became of them."""
    stack.settings().update(
        {key: value for key, value in (("on_init", on_init), ("on_finalize", on_finalize)) if value}
    )
