"""Steps of LangChain as spans. Needs the `langchain-core` or `langchain` package of the flow."""

from typing import Any

from smalt.flows.tracing import spans
from smalt.flows.tracing.span import Span

try:
    from langchain_core.callbacks.base import BaseCallbackHandler
except ImportError:
    from langchain.callbacks.base import BaseCallbackHandler


class PromptFlowCallbackHandler(BaseCallbackHandler):  # type: ignore[misc]  # of a package that may not be there
    """Give it to LangChain as a callback; each of its steps becomes a span."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[Any, Span] = {}

    def _begin(self, kind: str, serialized: Any, inputs: Any, run_id: Any, parent_run_id: Any) -> None:
        name = (serialized or {}).get("name") or kind
        span = spans.begin(str(name), kind)
        span.parent = self._open.get(parent_run_id, span.parent)
        span.inputs = inputs
        self._open[run_id] = span

    def _end(self, run_id: Any, output: Any = None, error: BaseException | None = None) -> None:
        span = self._open.pop(run_id, None)
        if span is not None:
            span.output = output
            spans.finish(span, error)

    def on_llm_start(
        self, serialized: Any, prompts: Any, *, run_id: Any = None, parent_run_id: Any = None, **_: Any
    ) -> None:
        """A model is asked."""
        self._begin("LLM", serialized, {"prompts": prompts}, run_id, parent_run_id)

    def on_llm_end(self, response: Any, *, run_id: Any = None, **_: Any) -> None:
        """A model answered."""
        self._end(run_id, str(response))

    def on_llm_error(self, error: BaseException, *, run_id: Any = None, **_: Any) -> None:
        """A model failed."""
        self._end(run_id, error=error)

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: Any = None, parent_run_id: Any = None, **_: Any
    ) -> None:
        """A chain begins."""
        self._begin("LangChain", serialized, inputs, run_id, parent_run_id)

    def on_chain_end(self, outputs: Any, *, run_id: Any = None, **_: Any) -> None:
        """A chain ends."""
        self._end(run_id, outputs)

    def on_chain_error(self, error: BaseException, *, run_id: Any = None, **_: Any) -> None:
        """A chain failed."""
        self._end(run_id, error=error)

    def on_tool_start(
        self, serialized: Any, input_str: Any, *, run_id: Any = None, parent_run_id: Any = None, **_: Any
    ) -> None:
        """A tool begins."""
        self._begin("Tool", serialized, {"input": input_str}, run_id, parent_run_id)

    def on_tool_end(self, output: Any, *, run_id: Any = None, **_: Any) -> None:
        """A tool ends."""
        self._end(run_id, str(output))

    def on_tool_error(self, error: BaseException, *, run_id: Any = None, **_: Any) -> None:
        """A tool failed."""
        self._end(run_id, error=error)
