from __future__ import annotations

from pathlib import Path

import pytest

from smalt.flows.connections import EchoConnection
from smalt.flows.tools.builtin import index
from tests.flows.writing import dag, line, write

DOCUMENTS = {
    "fruit.md": "Apples are red.\n\nPears are green and grow on trees.",
    "deep/sea.txt": "The sea is deep.\n\nWhales live in the sea.",
    "rows.jsonl": '{"text": "Mountains are high.", "page": 7}\n',
    "picture.png": "not text",
}


def test_words_find_the_passages_that_have_them(tmp_path: Path) -> None:
    count = index.build(write(tmp_path / "documents", DOCUMENTS), tmp_path / "index", characters=30)

    found = index.search("Where do whales live?", index=str(tmp_path / "index"), top_k=1)
    several = index.search(["pears", "mountains"], index=str(tmp_path / "index"), top_k=1)

    assert count == 6
    assert (found[0]["text"], found[0]["metadata"]["source"]) == ("Whales live in the sea.", "deep/sea.txt")
    assert [rows[0]["metadata"].get("page") for rows in several] == [None, 7]


def test_vectors_find_the_nearest_passages_by_the_model_that_made_them(tmp_path: Path) -> None:
    echo = EchoConnection(name="echo")
    index.build(write(tmp_path / "documents", DOCUMENTS), tmp_path / "index", connection=echo, model="m", characters=30)

    for way in ("vector", "Hybrid (vector + keyword)", ""):
        found = index.search("The sea is deep.", index=str(tmp_path / "index"), query_type=way)
        assert found[0]["text"] == "The sea is deep."
        assert len(found) == 3


def test_a_flow_looks_up_under_the_old_name_of_the_tool_too(tmp_path: Path) -> None:
    index.build(write(tmp_path / "documents", DOCUMENTS), tmp_path / "flow/index", characters=30)
    node = {
        "name": "find", "type": "python",
        "source": {"type": "package", "tool": "promptflow_vectordb.tool.common_index_lookup.search"},
        "inputs": {"queries": "${inputs.q}", "mlindex_content": "index:\n  path: index\n", "top_k": "1"},
    }  # fmt: skip
    folder = dag(tmp_path / "flow", [node], {}, inputs={"q": "string"}, outputs={"t": "${find.output[0].text}"})

    assert line(folder, q="apples").output == {"t": "Apples are red."}


def test_long_paragraphs_are_cut_at_blanks(tmp_path: Path) -> None:
    write(tmp_path / "documents", {"long.txt": "words " * 99 + "end"})

    assert index.build(tmp_path / "documents", tmp_path / "index", characters=100) == 6 + 1


def test_what_is_no_index_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(index.IndexFailure, match="build"):
        index.search("q", index=str(tmp_path / "gone"))
    with pytest.raises(index.IndexFailure, match="pinecone"):
        index.search("q", mlindex_content="index:\n  kind: pinecone\n")
    with pytest.raises(index.IndexFailure, match="no text"):
        index.build(tmp_path, tmp_path / "index")
    index.build(write(tmp_path / "documents", DOCUMENTS), tmp_path / "index")
    with pytest.raises(index.IndexFailure, match="no vectors"):
        index.search("q", index=str(tmp_path / "index"), query_type="vector")
