"""Look-up in an index: on this machine by words (BM25), by vectors, or by both; or in Azure AI Search.

An index is a folder: `index.json` says how it was made, `passages.jsonl` has the passages, with their vectors if a
model embedded them. `build` makes one of documents; the tool `search` looks passages up, also in indexes of FAISS.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from smalt.flows.connections import Connection
from smalt.flows.errors import UserErrorException
from smalt.flows.providers import ChatRequest, Operation
from smalt.flows.running import context
from smalt.flows.tools.builtin import azure_search, faiss
from smalt.flows.tools.builtin.words import Words
from smalt.flows.tools.declare import tool
from smalt.flows.tracing import model_calls
from smalt.kit import yaml

_TEXTS = frozenset({".txt", ".md", ".rst", ".html", ".json", ".jsonl", ".csv", ".py", ".yaml", ".yml"})
_AT_ONCE = 64
_RANK = 60  # the usual constant of reciprocal rank fusion


class IndexFailure(UserErrorException):
    """An index cannot be made or read."""


@dataclass(frozen=True)
class Passage:
    """A piece of a document."""

    text: str
    metadata: Mapping[str, Any]
    vector: Sequence[float] | None


def build(
    source: Path | str,
    index: Path | str,
    *,
    connection: Connection | None = None,
    model: str = "",
    characters: int = 1000,
) -> int:
    """Make an index of the documents in a folder, or of one; the number of passages.

    Args:
        source: A folder of text files, or one. Each line of a `.jsonl` is a passage: `{"text": ..., more}`.
        index: The folder of the index; an earlier one is replaced.
        connection: Who embeds passages; without, the index is looked up by words only.
        model: The model or deployment that embeds.
        characters: About how long a passage is; paragraphs are kept together.

    Raises:
        IndexFailure: There is no text.
    """
    documents = list(_passages(Path(source), characters))
    if not documents:
        raise IndexFailure(f"There is no text in {source}. Give a folder with one of {', '.join(sorted(_TEXTS))}.")
    vectors: list[list[float]] | None = None
    if connection is not None:
        vectors = [v for some in _parts(documents) for v in _embedded([text for text, _ in some], connection, model)]
    folder = Path(index)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"text": text, "metadata": metadata} | ({"vector": vectors[number]} if vectors is not None else {})
        for number, (text, metadata) in enumerate(documents)
    ]
    (folder / "passages.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    how = {"version": 1, "model": model, "connection": connection.name if connection is not None else None}
    (folder / "index.json").write_text(json.dumps(how))
    return len(rows)


def _parts(documents: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(documents), _AT_ONCE):
        yield documents[start : start + _AT_ONCE]


def _passages(source: Path, characters: int) -> Iterator[tuple[str, dict[str, Any]]]:
    files = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    for file in files:
        if file.suffix.lower() not in _TEXTS or any(part.startswith(".") for part in file.relative_to(source).parts):
            continue
        name = file.name if file == source else file.relative_to(source).as_posix()
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".jsonl":
            for line in text.splitlines():
                row = json.loads(line)
                yield str(row.pop("text", row)), {"source": name, **row}
            continue
        for number, piece in enumerate(_pieces(text, characters)):
            yield piece, {"source": name, "passage": number}


def _pieces(text: str, characters: int) -> Iterator[str]:
    """Paragraphs, put together up to a length; one that is longer is cut at a blank."""
    held = ""
    for paragraph in re.split(r"\n\s*\n", text):
        paragraph = paragraph.strip()
        if held and len(held) + len(paragraph) > characters:
            yield held
            held = ""
        held = f"{held}\n\n{paragraph}".strip()
        while len(held) > characters:
            cut = held.rfind(" ", characters // 2, characters)
            cut = cut if cut > 0 else characters
            yield held[:cut].strip()
            held = held[cut:].strip()
    if held:
        yield held


def _embedded(texts: Sequence[str], connection: Connection, model: str) -> list[list[float]]:
    request = ChatRequest(model=model, body={"input": list(texts)}, operation=Operation.EMBEDDING)
    return model_calls.complete_now(connection, request).embeddings


class Index:
    """An index, read once: one of our own, or one of FAISS.

    Attributes:
        how: With which model and connection it was made.
        passages: What it holds.
        metric: How near vectors are: by angle, or as the index of FAISS was made.
    """

    def __init__(self, folder: Path) -> None:
        try:
            if (folder / faiss.VECTORS).exists():
                self.how, self.passages, self.metric = _of_faiss(folder)
            else:
                self.how, self.passages, self.metric = _own(folder)
        except (OSError, ValueError, KeyError) as error:
            raise IndexFailure(
                f"There is no index in {folder}: {error}. Make one with smalt.flows.tools.builtin.index.build."
            ) from error
        self._words = Words([passage.text for passage in self.passages])

    def by_words(self, query: str) -> list[tuple[int, float]]:
        """The passages that share words with the query, best first (BM25)."""
        return self._words.ranked(query)

    def by_vector(self, vector: Sequence[float]) -> list[tuple[int, float]]:
        """All passages, the nearest first."""
        if self.metric != "angle":
            near = faiss.nearest(vector, [passage.vector or () for passage in self.passages], self.metric)
            return sorted(enumerate(near), key=lambda item: (-item[1], item[0]))
        own = math.sqrt(sum(x * x for x in vector)) or 1.0
        scores = []
        for number, passage in enumerate(self.passages):
            other = passage.vector or ()
            length = math.sqrt(sum(x * x for x in other)) or 1.0
            scores.append((number, sum(a * b for a, b in zip(vector, other, strict=False)) / own / length))
        return sorted(scores, key=lambda item: (-item[1], item[0]))


def _own(folder: Path) -> tuple[dict[str, Any], list[Passage], str]:
    how: dict[str, Any] = json.loads((folder / "index.json").read_text())
    with (folder / "passages.jsonl").open(encoding="utf-8") as rows:
        return how, [_passage(json.loads(row)) for row in rows], "angle"


def _of_faiss(folder: Path) -> tuple[dict[str, Any], list[Passage], str]:
    """An index of FAISS; the file `MLIndex` beside it, where there is one, says who embeds."""
    vectors, metric = faiss.vectors(folder / faiss.VECTORS)
    documents = faiss.documents(folder / faiss.DOCUMENTS)
    passages = [Passage(*documents[place], vector) for place, vector in enumerate(vectors)]
    described = folder / "MLIndex"
    found = yaml.load(described.read_text(encoding="utf-8"), source=str(described)) if described.exists() else {}
    return _how(found if isinstance(found, Mapping) else {}), passages, metric


def _how(document: Mapping[str, Any]) -> dict[str, Any]:
    """Who embeds, as the description of an index says."""
    told = document.get("embeddings")
    embeddings = told if isinstance(told, Mapping) else {}
    given = embeddings.get("connection")
    connection = given.get("id") or given.get("name") if isinstance(given, Mapping) else given
    return {
        "model": embeddings.get("deployment") or embeddings.get("model") or "",
        "connection": str(connection).strip().rpartition("/")[2] if connection else None,
    }


def _passage(row: Mapping[str, Any]) -> Passage:
    return Passage(row["text"], row.get("metadata") or {}, row.get("vector"))


def _fused(*rankings: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Rankings put together by the places that passages have in them."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, (number, _) in enumerate(ranking):
            scores[number] = scores.get(number, 0.0) + 1 / (_RANK + place + 1)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


@lru_cache(maxsize=16)
def _read(folder: str, changed: int) -> Index:
    del changed  # an index that was made anew is read anew
    return Index(Path(folder))


def _index_of(place: str, document: Mapping[str, Any]) -> Index:
    folder = Path(_path(document) if document else place).absolute()
    files = [file for name in ("passages.jsonl", faiss.VECTORS) if (file := folder / name).exists()]
    return _read(str(folder), files[0].stat().st_mtime_ns if files else 0)


def _described(place: str) -> Mapping[str, Any]:
    """The description of an index (`mlindex_content`); nothing of what is a path."""
    document = yaml.load(place) if "\n" in place or ": " in place else None
    return document if isinstance(document, Mapping) else {}


def _path(document: Mapping[str, Any]) -> str:
    """The folder that the description of an index means."""
    index = document.get("index")
    found = index.get("path") if isinstance(index, Mapping) else document.get("path")
    itself = document.get("self")
    if not found and isinstance(itself, Mapping) and "://" not in str(itself.get("path") or "://"):
        found = itself["path"]
    if not found:
        kind = index.get("kind") if isinstance(index, Mapping) else None
        raise IndexFailure(
            f"An index of kind {kind!r} is not on this machine. Make one here with "
            "smalt.flows.tools.builtin.index.build, and give its folder."
        )
    return str(found)


@tool
def search(
    queries: object,
    index: str = "",
    mlindex_content: str = "",
    top_k: int = 3,
    query_type: str = "",
    connection: Connection = None,  # type: ignore[assignment]  # read by editors as it is
) -> Any:
    """The passages that answer a query, best first: `text`, `metadata`, `score`. Of several queries, a list for each.

    Args:
        queries: A text, or a list of texts.
        index: The folder of the index.
        mlindex_content: Instead of it, the description of an index.
        top_k: How many passages.
        query_type: `keyword`, `vector` or `hybrid`; by default hybrid if the index has vectors. In Azure AI Search also
            `semantic` and `hybrid + semantic`, and `keyword` by default.
        connection: Who embeds queries; by default the connection that embedded the passages.

    Raises:
        IndexFailure: There is no such index, or it has no vectors.
    """
    look_up = _look_up(index or mlindex_content, top_k, query_type, connection)
    if isinstance(queries, str):
        return look_up(queries)
    return [look_up(str(query)) for query in queries]  # type: ignore[attr-defined]  # a list


def _look_up(place: str, top_k: int, query_type: str, connection: Connection | None) -> Callable[[str], Any]:
    """What answers a query: an index on this machine, or the service that the description names."""
    document = _described(place)
    described = document.get("index")
    if isinstance(described, Mapping) and described.get("kind") == "acs":
        return partial(
            _asked, azure_search.SearchIndex(described), _how(document), top_k=top_k, query_type=query_type,
            connection=connection,
        )  # fmt: skip
    return partial(_searched, _index_of(place, document), top_k=top_k, query_type=query_type, connection=connection)


def _asked(
    index: azure_search.SearchIndex,
    how: Mapping[str, Any],
    query: str,
    *,
    top_k: int,
    query_type: str,
    connection: Connection | None,
) -> list[Any]:
    """The passages of a query in Azure AI Search, looked up as the words of `query_type` say."""
    wanted = query_type.lower() or "keyword"
    vector = None
    if "vector" in wanted or "hybrid" in wanted:
        vector = _embedded([query], connection or azure_search.named(how["connection"]), str(how["model"]))[0]
    semantic = "semantic" in wanted
    words = vector is None or "hybrid" in wanted or semantic
    return index.search(query, vector=vector, words=words, semantic=semantic, top_k=top_k)


def _searched(
    index: Index, query: str, *, top_k: int, query_type: str, connection: Connection | None
) -> list[dict[str, Any]]:
    wanted = query_type.lower()
    has_vectors = bool(index.passages) and index.passages[0].vector is not None
    rankings = []
    if "keyword" in wanted or "hybrid" in wanted or not has_vectors:
        rankings.append(index.by_words(query))
    if "vector" in wanted or "hybrid" in wanted or (not wanted and has_vectors):
        if not has_vectors:
            raise IndexFailure("The index has no vectors. Look up by 'keyword', or make it with a connection.")
        embeds = connection or context.connection(str(index.how.get("connection")))
        vector = _embedded([query], embeds, str(index.how.get("model") or ""))[0]
        rankings.append(index.by_vector(vector))
        if not wanted:
            rankings.append(index.by_words(query))
    best = rankings[0] if len(rankings) == 1 else _fused(*rankings)
    shown = [(index.passages[number], score) for number, score in best[:top_k]]
    return [{"text": item.text, "metadata": dict(item.metadata), "score": score} for item, score in shown]
