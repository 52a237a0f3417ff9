from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smalt.flows
import smalt.flows.tools
from smalt.flows import errors
from smalt.flows.connections import AzureOpenAIConnection, CustomConnection, QdrantConnection
from smalt.flows.tools import packages
from smalt.flows.tools.interface import interface_of
from smalt.flows.tools.types import PromptTemplate
from tests.flows.writing import TOOL, dag, line, prompt_node, python_node, write


def test_a_provider_is_made_once_with_the_inputs_of_its_constructor(tmp_path: Path) -> None:
    tool = (
        "from promptflow.core import ToolProvider, tool\n\nclass P(ToolProvider):\n    made = 0\n"
        "    def __init__(self, base: int):\n        super().__init__()\n"
        "        P.made += 1\n        self.base = base\n"
        "    @tool\n    def add(self, x: int):\n        return [self.base + x, P.made]\n"
    )
    node = python_node("p", "p.py", base="10", x="${inputs.x}")
    folder = dag(tmp_path, [node], {"p.py": tool}, inputs={"x": "int"}, outputs={"o": "${p.output}"})

    with smalt.flows.load(folder) as flow:
        assert [line(flow, x=x).output["o"] for x in (1, 2)] == [[11, 1], [12, 1]]


def test_the_constructor_of_a_provider_takes_no_references(tmp_path: Path) -> None:
    tool = (
        "from promptflow.core import ToolProvider, tool\n\nclass P(ToolProvider):\n"
        "    def __init__(self, base: int):\n        super().__init__()\n"
        "    @tool\n    def add(self):\n        return 1\n"
    )
    node = python_node("p", "p.py", base="${inputs.x}")

    with pytest.raises(errors.ResolveToolError, match="base"):
        smalt.flows.load(dag(tmp_path, [node], {"p.py": tool}, inputs={"x": "int"}))


def test_a_connection_comes_by_name_and_of_the_kind_that_the_tool_takes(tmp_path: Path) -> None:
    tool = "from promptflow.connections import AzureOpenAIConnection as A, OpenAIConnection as O\n" + TOOL + (
        "def t(c: A | O):\n    return c.api_base\n"
    )  # fmt: skip
    folder = dag(tmp_path, [python_node("t", "t.py", c="mine")], {"t.py": tool}, outputs={"o": "${t.output}"})
    azure = AzureOpenAIConnection(name="mine", api_key="k", api_base="http://x")

    with smalt.flows.load(folder, connections={"mine": azure}) as flow:
        assert line(flow).output == {"o": "http://x"}
    with pytest.raises(errors.ResolveToolError, match="CustomConnection"):
        smalt.flows.load(folder, connections={"mine": CustomConnection(name="mine")})


def test_a_custom_connection_becomes_the_authors_own_kind(tmp_path: Path) -> None:
    tool = (
        "from promptflow.connections import CustomStrongTypeConnection\nfrom promptflow.contracts.types import Secret\n"
        "class Mine(CustomStrongTypeConnection):\n    key: Secret\n    url: str\n\n"
        + TOOL + "def t(c: Mine):\n    return [type(c) is Mine, c.url, c.key]\n"
    )  # fmt: skip
    folder = dag(tmp_path, [python_node("t", "t.py", c="mine")], {"t.py": tool}, outputs={"o": "${t.output}"})
    plain = CustomConnection(name="mine", secrets={"key": "k"}, configs={"url": "u"})

    with smalt.flows.load(folder, connections={"mine": plain}) as flow:
        assert line(flow).output == {"o": [True, "u", "k"]}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package with a tool that takes a prompt."""
    described = {
        "acme.tools.shout": {
            "name": "Shout", "type": "custom_llm", "module": "acme.tools", "function": "shout",
            "deprecated_tools": ["acme.old.shout"],
        }
    }  # fmt: skip
    code = (
        "from promptflow._internal import tool\nfrom promptflow.contracts.types import PromptTemplate\n"
        "from promptflow.tools.common import render_jinja_template\n\n@tool\n"
        "def shout(prompt: PromptTemplate, **values):\n"
        "    return render_jinja_template(prompt, **values).upper()\n"
        f"def listed():\n    return {described!r}\n"
    )
    files = {
        "acme/__init__.py": "",
        "acme/tools.py": code,
        "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        "acme-1.0.dist-info/entry_points.txt": "[package_tools]\nacme = acme.tools:listed\n",
    }
    monkeypatch.syspath_prepend(str(write(tmp_path / "site", files)))
    monkeypatch.setattr(packages, "_installed", None)
    yield
    for name in [name for name in sys.modules if name.startswith("acme")]:
        del sys.modules[name]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["acme.tools.shout", "acme.old.shout"])
def test_tools_of_packages_are_found_by_their_entry_point_also_under_an_old_name(tmp_path: Path, name: str) -> None:
    node = {
        "name": "n", "type": "custom_llm", "source": {"type": "package_with_prompt", "tool": name, "path": "p.jinja2"},
        "inputs": {"word": "${inputs.w}"},
    }  # fmt: skip
    folder = dag(tmp_path, [node], {"p.jinja2": "hey {{word}}"}, inputs={"w": "string"}, outputs={"o": "${n.output}"})

    assert line(folder, w="you").output == {"o": "HEY YOU"}


def test_a_signature_says_types_defaults_and_choices() -> None:
    from smalt.flows.tools.builtin.search import SerpAPI

    found = interface_of(SerpAPI.search, SerpAPI)

    assert {name: item.types[0] for name, item in found.parameters.items()} == {
        "connection": "SerpConnection", "query": "string", "location": "string", "safe": "string", "num": "int",
        "engine": "string",
    }  # fmt: skip
    assert found.parameters["engine"].choices == ("google", "bing")
    assert [name for name, item in found.parameters.items() if not item.has_default] == ["connection", "query"]


def test_every_built_in_tool_can_be_loaded() -> None:
    for name in packages.BUILTIN:
        function, _, _ = packages.find(name)
        assert callable(function)


def test_generators_of_tools_can_be_read_by_several_nodes(tmp_path: Path) -> None:
    files = {
        "gen.py": TOOL + "def gen():\n    yield 'a'\n    yield 'b'\n",
        "join.py": TOOL + "def join(parts):\n    return '-'.join(parts)\n",
        "p.jinja2": "{{parts}}",
    }
    nodes: list[dict[str, Any]] = [
        python_node("gen", "gen.py"),
        python_node("join", "join.py", parts="${gen.output}"),
        prompt_node("text", "p.jinja2", parts="${gen.output}"),
    ]
    outputs = {"gen": "${gen.output}", "join": "${join.output}", "text": "${text.output}"}

    result = line(dag(tmp_path, nodes, files, outputs=outputs))

    assert result.output == {"gen": "ab", "join": "a-b", "text": "ab"}
    assert result.nodes["gen"].output == "ab"


def test_a_package_brings_the_api_for_a_kind_of_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smalt.flows.tools import apis

    monkeypatch.setattr(apis, "by_connection", {})
    monkeypatch.setattr(apis, "by_name", {})

    @apis.register_apis
    class Qdrant(smalt.flows.tools.ToolProvider):
        def __init__(self, connection: QdrantConnection) -> None:
            super().__init__()
            self.connection = connection

        @smalt.flows.tools.tool
        def chat(self, prompt: PromptTemplate, loud: bool = False, **values: Any) -> str:
            return f"{self.connection.api_base} {prompt} {loud} {sorted(values)}"

    node = {
        "name": "n", "type": "llm", "source": {"type": "code", "path": "p.jinja2"}, "connection": "mine", "api": "chat",
        "inputs": {"loud": "true", "word": "${inputs.w}"},
    }  # fmt: skip
    folder = dag(tmp_path, [node], {"p.jinja2": "hey {{word}}"}, inputs={"w": "string"}, outputs={"o": "${n.output}"})
    connection = QdrantConnection(name="mine", api_key="k", api_base="http://q")

    with smalt.flows.load(folder, connections={"mine": connection}) as flow:
        assert line(flow, w="you").output == {"o": "http://q hey {{word}} True ['_inputs_to_escape', 'word']"}
