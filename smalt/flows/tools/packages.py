"""Tools of installed packages, found by the entry point `package_tools`, and the built-in ones."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from smalt.flows.errors import PackageToolNotFoundError
from smalt.flows.tools.declare import ToolProvider

_log = logging.getLogger(__name__)
_GROUP = "package_tools"

BUILTIN: dict[str, Mapping[str, Any]] = {
    "promptflow.tools.llm.llm": {
        "name": "LLM", "type": "custom_llm", "module": "promptflow.tools.llm", "function": "llm",
        "description": "Ask a model of Azure OpenAI, OpenAI or a serverless endpoint.",
    },
    "promptflow.tools.llm_vision.llm_vision": {
        "name": "LLM with vision", "type": "custom_llm", "module": "promptflow.tools.llm_vision",
        "function": "llm_vision", "description": "Ask a model about images.",
    },
    "promptflow.tools.aoai_gpt4v.AzureOpenAI.chat": {
        "name": "Azure OpenAI GPT-4 Turbo with Vision", "type": "custom_llm", "module": "promptflow.tools.aoai_gpt4v",
        "class_name": "AzureOpenAI", "function": "chat", "description": "Ask a model of Azure OpenAI about images.",
    },
    "promptflow.tools.openai_gpt4v.OpenAI.chat": {
        "name": "OpenAI GPT-4V", "type": "custom_llm", "module": "promptflow.tools.openai_gpt4v",
        "class_name": "OpenAI", "function": "chat", "description": "Ask a model of OpenAI about images.",
    },
    "promptflow.tools.embedding.embedding": {
        "name": "Embedding", "type": "python", "module": "promptflow.tools.embedding", "function": "embedding",
        "description": "The vector of a text.",
    },
    "promptflow.tools.serpapi.SerpAPI.search": {
        "name": "Serp API", "type": "python", "module": "promptflow.tools.serpapi", "class_name": "SerpAPI",
        "function": "search", "description": "Search the web.",
    },
    "promptflow.tools.azure_content_safety.analyze_text": {
        "name": "Content Safety (Text Analyze)", "type": "python", "module": "promptflow.tools.azure_content_safety",
        "function": "analyze_text", "description": "Whether a text is fit to be shown.",
        "deprecated_tools": ["content_safety_text.tools.content_safety_text_tool.analyze_text"],
    },
    "promptflow.tools.index_lookup.search": {
        "name": "Index Lookup", "type": "python", "module": "promptflow.tools.index_lookup", "function": "search",
        "description": "Look passages up in an index on this machine or in Azure AI Search, by words, vectors or both.",
        "deprecated_tools": ["promptflow_vectordb.tool.common_index_lookup.search"],
    },
    "promptflow.tools.rerank.rerank": {
        "name": "Rerank", "type": "python", "module": "promptflow.tools.rerank", "function": "rerank",
        "description": "Rank anew what look-ups have found.",
        "deprecated_tools": ["promptflow_vectordb.tool.rerank.rerank"],
    },
    "promptflow.tools.open_model_llm.OpenModelLLM.call": {
        "name": "Open Model LLM", "type": "custom_llm", "module": "promptflow.tools.open_model_llm",
        "class_name": "OpenModelLLM", "function": "call", "description": "Ask an open model behind an endpoint.",
    },
}  # fmt: skip
_installed: dict[str, Mapping[str, Any]] | None = None


def all_tools() -> dict[str, Mapping[str, Any]]:
    """Every tool there is, by the name that flow files use, as its package describes it."""
    return {**BUILTIN, **installed()}


def installed() -> dict[str, Mapping[str, Any]]:
    """The tools of installed packages. A package that cannot list its tools is passed over, with a warning."""
    global _installed
    if _installed is None:
        from importlib.metadata import entry_points

        _installed = {}
        for point in entry_points(group=_GROUP):
            if point.value.startswith("promptflow.tools."):
                continue  # the original's own, which the built-in ones replace
            try:
                listed = point.load()()
            except Exception as error:
                _log.warning("The tools of %s cannot be listed: %s: %s.", point.value, type(error).__name__, error)
                continue
            version = {} if point.dist is None else {"package": point.dist.name, "package_version": point.dist.version}
            _installed |= {str(key): {**item, **version} for key, item in listed.items()}
    return _installed


def find(identifier: str) -> tuple[Callable[..., Any], type[ToolProvider] | None, ModuleType]:
    """The function of a tool, the class it belongs to if it does, and its module.

    Raises:
        PackageToolNotFoundError: No package has it, or it cannot be loaded.
    """
    described = BUILTIN.get(identifier) or _described(identifier)
    try:
        module = importlib.import_module(str(described["module"]))
        owner = described.get("class_name")
        if not owner:
            return getattr(module, str(described["function"])), None, module
        provider = getattr(module, str(owner))
        return getattr(provider, str(described["function"])), provider, module
    except (ImportError, AttributeError) as error:
        raise PackageToolNotFoundError(
            f"Package tool '{identifier}' cannot be loaded: ({type(error).__name__}) {error}. "
            "Install its package again, or the packages it needs."
        ) from error


def _described(identifier: str) -> Mapping[str, Any]:
    tools = all_tools()
    if identifier in tools:
        return tools[identifier]
    for described in tools.values():
        if identifier in (described.get("deprecated_tools") or ()):
            return described
    raise PackageToolNotFoundError(
        f"Package tool '{identifier}' is not found in the current environment. "
        f"There are: {', '.join(sorted(tools))}. Correct the name, or install the package that has it."
    )
