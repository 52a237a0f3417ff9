from __future__ import annotations

import sys
from pathlib import Path

import pytest

import smalt.flows
from smalt.flows import errors
from tests.flows.writing import TOOL, dag, line, python_node, write


def _flow(folder: Path, word: str, *, late: bool = False) -> Path:
    early = "from helper import WORD\n" if not late else ""
    inside = "    from helper import WORD\n" if late else ""
    files = {
        "helper.py": f"WORD = {word!r}\n",
        "say.py": early + TOOL + f"def say():\n{inside}    return WORD\n",
    }
    return dag(folder, [python_node("say", "say.py")], files, outputs={"o": "${say.output}"})


@pytest.mark.parametrize("late", [False, True])
def test_two_flows_with_a_module_of_one_name_each_have_their_own(tmp_path: Path, late: bool) -> None:
    with (
        smalt.flows.load(_flow(tmp_path / "one", "one", late=late)) as first,
        smalt.flows.load(_flow(tmp_path / "two", "two", late=late)) as second,
    ):
        said = [line(flow).output["o"] for flow in (first, second, first)]

    assert said == ["one", "two", "one"]


def test_a_module_of_the_flow_goes_before_one_that_the_process_has(tmp_path: Path) -> None:
    import code

    folder = dag(
        tmp_path, [python_node("say", "say.py")],
        {"code.py": "WORD = 'mine'\n", "say.py": "import code\n" + TOOL + "def say():\n    return code.WORD\n"},
        outputs={"o": "${say.output}"},
    )  # fmt: skip

    assert line(folder).output == {"o": "mine"}
    assert sys.modules["code"] is code


def test_packages_with_and_without_init_import_relatively(tmp_path: Path) -> None:
    files = {
        "pack/__init__.py": "from .inner import NAME\n",
        "pack/inner.py": "NAME = 'n'\n",
        "bare/deep.py": "VALUE = 1\n",
        "say.py": "from pack import NAME\n"
        + TOOL
        + "def say():\n    import bare.deep\n    return [NAME, bare.deep.VALUE]\n",
    }
    folder = dag(tmp_path, [python_node("say", "say.py")], files, outputs={"o": "${say.output}"})

    assert line(folder).output == {"o": ["n", 1]}


def test_lines_see_the_flows_folder_as_the_current_one_and_leave_it_as_it_was(tmp_path: Path) -> None:
    tool = "from pathlib import Path\nHERE = Path('note.txt').read_text()\n" + TOOL + (
        "def read():\n    return [HERE, Path('note.txt').read_text(), Path(__file__).name]\n"
    )  # fmt: skip
    folder = dag(
        tmp_path, [python_node("r", "read.py")], {"read.py": tool, "note.txt": "n"}, outputs={"o": "${r.output}"}
    )
    before = Path.cwd()

    assert line(folder).output == {"o": ["n", "n", "read.py"]}
    assert Path.cwd() == before
    assert str(folder) not in sys.path


def test_loading_writes_nothing_into_the_folder(tmp_path: Path) -> None:
    folder = _flow(tmp_path, "x")
    before = sorted(folder.rglob("*"))

    line(folder)

    assert sorted(folder.rglob("*")) == before


def test_additional_includes_are_seen_as_the_flows_own_files(tmp_path: Path) -> None:
    shared = write(tmp_path / "shared", {"helper.py": "WORD = 'shared'\n", "data/note.txt": "n"})
    tool = "from helper import WORD\n" + TOOL + "def say():\n    return WORD + open('data/note.txt').read()\n"
    folder = dag(
        tmp_path / "flow", [python_node("say", "say.py")], {"say.py": tool}, outputs={"o": "${say.output}"},
        additional_includes=["../shared/helper.py", str(shared / "data")],
    )  # fmt: skip

    with smalt.flows.load(folder) as flow:
        (shared / "data/note.txt").write_text("!")
        assert line(flow).output == {"o": "shared!"}


def test_an_include_that_does_not_exist_is_named(tmp_path: Path) -> None:
    folder = dag(tmp_path, [], {}, additional_includes=["../nowhere.py"])

    with pytest.raises(errors.UserErrorException, match=r"nowhere\.py"):
        smalt.flows.load(folder)


def test_environment_variables_take_values_from_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smalt.flows.connections import AzureOpenAIConnection

    monkeypatch.setenv("FLOW_KEY", "before")
    tool = "import os\n" + TOOL + "def say():\n    return [os.environ['FLOW_KEY'], os.environ['FLOW_LIST']]\n"
    folder = dag(
        tmp_path, [python_node("say", "say.py")], {"say.py": tool}, outputs={"o": "${say.output}"},
        environment_variables={"FLOW_KEY": "${azure.api_key}", "FLOW_LIST": [1]},
    )  # fmt: skip
    given = {"azure": AzureOpenAIConnection(name="azure", api_key="k", api_base="http://x")}

    with smalt.flows.load(folder, connections=given) as flow:
        assert line(flow).output == {"o": ["k", "[1]"]}
    monkeypatch.delenv("FLOW_LIST")
