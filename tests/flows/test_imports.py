"""What flow code imports of prompt flow is here, and importing a flow engine costs next to nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.flows.writing import TOOL, dag, python_node

NAMES = """
promptflow: tool ToolProvider log_metric
promptflow.core: tool ToolProvider log_metric Flow AsyncFlow Prompty AsyncPrompty AzureOpenAIModelConfiguration
promptflow.core: OpenAIModelConfiguration
promptflow.connections: AzureOpenAIConnection OpenAIConnection CustomConnection CustomStrongTypeConnection
promptflow.contracts.types: Secret PromptTemplate FilePath AssistantDefinition
promptflow.contracts.multimedia: Image Text PFBytes
promptflow.tracing: trace start_trace ThreadPoolExecutorWithContext
promptflow.tracing._operation_context: OperationContext
promptflow.exceptions: UserErrorException SystemErrorException ValidationException ErrorTarget
promptflow.executor: FlowExecutor
promptflow.executor._assistant_tool_invoker: AssistantToolInvoker
promptflow._internal: tool ToolProvider register_apis enable_cache ToolInvoker
promptflow._core.tool: tool ToolProvider InputSetting DynamicList GeneratedBy
promptflow._sdk.entities: AzureOpenAIConnection CustomConnection
promptflow._sdk.entities._chat_group._chat_group: ChatGroup
promptflow._utils.logger_utils: get_logger
promptflow._utils.yaml_utils: load_yaml
promptflow.tools.aoai: AzureOpenAI chat completion
promptflow.tools.openai: OpenAI chat completion
promptflow.tools.common: render_jinja_template parse_chat build_messages PromptResult handle_openai_error
promptflow.tools.embedding: embedding
promptflow.tools.llm: llm
promptflow.tools.llm_vision: llm_vision
promptflow.tools.serpapi: SerpAPI search Engine SafeMode
promptflow.tools.azure_content_safety: analyze_text
promptflow.tools.open_model_llm: OpenModelLLM
promptflow.tools.exception: WrappedOpenAIError ChatAPIInvalidRole
promptflow.tools.template_rendering: render_template_jinja2
"""


@pytest.mark.parametrize("row", NAMES.strip().splitlines())
def test_names_that_flow_code_imports_are_here(row: str) -> None:
    module, _, names = row.partition(": ")

    for name in names.split():
        assert getattr(import_module(module), name) is not None


def test_the_engine_imports_nothing_heavy() -> None:
    heavy = "openai pandas PIL numpy opentelemetry pydantic sqlalchemy starlette jinja2 httpx2 cryptography"
    code = (
        "import sys, smalt.flows, smalt.flows.loading, smalt.flows.dag.flow, promptflow.core\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_job_in_a_hurry_loads_no_entities():
    """Somebody waits for the one line of a test; Pydantic alone would take longer than the line."""
    code = "import smalt.flows.job, smalt.flows.connections.workspace, sys; print('pydantic' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "False", done.stderr


def test_one_line_of_plain_functions_needs_no_event_loop(tmp_path: Path) -> None:
    code = "def t(x: str):\n    return x\n"
    dag(tmp_path, [python_node("n", "t.py", x="${inputs.x}")], {"t.py": TOOL + code}, inputs={"x": "string"})
    told = (
        "import sys; from smalt.cli.app import run\n"
        f"run(['flow', 'test', '--flow', {str(tmp_path)!r}, '--inputs', 'x=1'])\n"
        "print(sorted({'asyncio', 'msgspec', 'ssl', 'secrets'} & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert found.stdout.splitlines()[-1] == "[]"
