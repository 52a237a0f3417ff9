"""What turns a request into an answer: an MLflow model, a script with `init` and `run`, or a flow."""

from __future__ import annotations

from .base import BadInput, Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["BadInput", "LoadError", "Loader", "loader_for"]


def loader_for(settings: Settings) -> Loader:
    """The loader that a configuration names; its own needs are imported only now."""
    if settings.loader == "script":
        from .script import ScriptLoader

        return ScriptLoader(settings)
    if settings.loader == "mlflow":
        from .model import ModelLoader

        return ModelLoader(settings)
    from .flow import FlowLoader

    return FlowLoader(settings)
