"""What turns a request into an answer: an MLflow model, a script, a flow, or a language model, here or elsewhere."""

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
    if settings.loader == "language":
        from .language import LanguageLoader

        return LanguageLoader(settings)
    if settings.loader == "upstream":
        from .upstream import UpstreamLoader

        return UpstreamLoader(settings)
    from .flow import FlowLoader

    return FlowLoader(settings)
