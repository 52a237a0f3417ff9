"""Indexes of FAISS as LangChain leaves them: read without either, and without running what a pickle asks for."""

from __future__ import annotations

import os
import pickle
import struct
import sys
import types
from pathlib import Path

import pytest

from smalt.flows.connections import EchoConnection
from smalt.flows.tools.builtin import faiss, index

VECTORS = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]


def flat(kind: bytes, rows: list[list[float]]) -> bytes:
    head = struct.pack("<4siqqq?i", kind, len(rows[0]), len(rows), 1 << 20, 1 << 20, True, 1)
    return (
        head
        + struct.pack("<Q", sum(map(len, rows)))
        + struct.pack(f"<{sum(map(len, rows))}f", *(number for row in rows for number in row))
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index whose pickle names classes of LangChain, which are gone when it is read."""
    module = types.ModuleType("langchain_of_tests")
    for name in ("Document", "InMemoryDocstore"):
        setattr(module, name, type(name, (), {"__module__": module.__name__}))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    store = module.InMemoryDocstore()
    store._dict = {}
    for number, text in enumerate(("north", "east", "between")):
        document = module.Document()
        document.page_content, document.metadata = text, {"page": number}
        store._dict[f"id-{number}"] = document
    (tmp_path / faiss.DOCUMENTS).write_bytes(pickle.dumps((store, {n: f"id-{n}" for n in range(3)})))
    (tmp_path / faiss.VECTORS).write_bytes(flat(b"IxF2", VECTORS))
    monkeypatch.delitem(sys.modules, module.__name__)
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "order"), [(b"IxF2", ["east", "between", "north"]), (b"IxFI", ["east", "between", "north"])]
)
def test_passages_are_ranked_as_the_index_was_made(folder: Path, kind: bytes, order: list[str]) -> None:
    (folder / faiss.VECTORS).write_bytes(flat(kind, VECTORS))

    read = index.Index(folder)

    assert [read.passages[number].text for number, _ in read.by_vector([0.0, 1.0])] == order
    assert read.passages[0].metadata == {"page": 0}


def test_a_description_names_the_folder_and_who_embeds(folder: Path) -> None:
    described = "index:\n  kind: faiss\nself:\n  path: {}\n"
    (folder / "MLIndex").write_text(
        "embeddings:\n  deployment: ada\n  connection:\n    id: /subscriptions/s/connections/mine\n"
    )

    found = index.search("East?", mlindex_content=described.format(folder), top_k=1, query_type="keyword")

    assert found[0]["text"] == "east"
    assert index.Index(folder).how == {"model": "ada", "connection": "mine"}
    with pytest.raises(Exception, match="mine"):
        index.search("q", index=str(folder), query_type="vector")


def test_a_pickle_that_would_run_something_is_refused(folder: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(folder / "was-here"),)

    (folder / faiss.DOCUMENTS).write_bytes(pickle.dumps((Evil(), {})))

    with pytest.raises(index.IndexFailure, match="mkdir"):
        index.search("q", index=str(folder))
    assert not (folder / "was-here").exists()


@pytest.mark.parametrize("content", [b"", b"IxF2" + b"\0" * 20, flat(b"IxF2", VECTORS)[:-4], flat(b"IHNf", VECTORS)])
def test_vectors_that_cannot_be_read_are_told_of(folder: Path, content: bytes) -> None:
    (folder / faiss.VECTORS).write_bytes(content)

    with pytest.raises(index.IndexFailure):
        index.search("q", index=str(folder), connection=EchoConnection(name="echo"))
