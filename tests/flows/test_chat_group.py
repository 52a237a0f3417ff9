from __future__ import annotations

from pathlib import Path

import pytest

from smalt.flows.chat_group import ChatGroup, ChatGroupError, ChatRole
from tests.flows.writing import TOOL, dag, python_node

ECHO = TOOL + "def echo(history: list, text: str = 'first'):\n    return f'{len(history)}:{text}'\n"


def _flow(folder: Path) -> Path:
    inputs = {"history": "list", "text": {"type": "string", "default": "hello"}}
    node = python_node("echo", "echo.py", history="${inputs.history}", text="${inputs.text}")
    return dag(folder, [node], {"echo.py": ECHO}, inputs=inputs, outputs={"answer": "${echo.output}"})


def _roles(folder: Path) -> tuple[ChatRole, ChatRole]:
    history = {"history": "${parent.conversation_history}"}
    asker = ChatRole(_flow(folder / "a"), "user", history)
    answerer = ChatRole(_flow(folder / "b"), "assistant", history | {"text": asker.outputs.answer})
    return asker, answerer


def test_roles_speak_in_turn_and_hear_one_another(tmp_path: Path) -> None:
    group = ChatGroup(_roles(tmp_path), max_turns=3)

    group.invoke()

    assert group.conversation_history == [
        ("user", {"answer": "0:hello"}),
        ("assistant", {"answer": "1:0:hello"}),
        ("user", {"answer": "2:hello"}),
    ]


def test_a_stop_signal_ends_the_conversation(tmp_path: Path) -> None:
    asker, answerer = _roles(tmp_path)
    asker.inputs["text"]["value"] = "bye [STOP]"

    group = ChatGroup([asker, answerer], max_turns=9)

    assert group.invoke() == [("user", {"answer": "0:bye [STOP]"})]


def test_groups_that_cannot_talk_are_refused(tmp_path: Path) -> None:
    asker, answerer = _roles(tmp_path)
    answerer.role = "user"

    with pytest.raises(ChatGroupError, match="one name"):
        ChatGroup([asker, answerer], max_turns=1)
    with pytest.raises(ChatGroupError, match="needs roles"):
        ChatGroup([])
    asker.inputs["text"]["value"] = "${something.else}"
    with pytest.raises(ChatGroupError, match=r"something\.else"):
        ChatGroup([asker], max_turns=1).invoke()
