"""Looks passages up in a folder of documents. The index is made once for each state of the folder."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from promptflow.core import tool
from promptflow.tools.embedding import embedding

HERE = Path(__file__).parent


@tool
def look_up(question: str, folder: str, count: int, connection: str) -> list:
    """The passages nearest to a question, the nearest first."""
    documents = HERE / folder
    asked = _vector(connection, question)
    rows = _index(str(documents), _state(documents), connection)
    near = sorted(rows, key=lambda row: -sum(a * b for a, b in zip(asked, row["vector"])))
    return [{"source": row["source"], "text": row["text"]} for row in near[:count]]


@lru_cache(maxsize=4)
def _index(folder, state, connection):
    kept = Path(folder) / f".index-{state}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    rows = [
        {"source": file.name, "text": passage.strip(), "vector": _vector(connection, passage)}
        for file in sorted(Path(folder).glob("*.md"))
        for passage in file.read_text().split("\n\n")
        if passage.strip()
    ]
    kept.write_text(json.dumps(rows))
    return rows


def _state(folder):
    files = sorted(folder.glob("*.md"))
    told = "".join(f"{file.name}:{file.stat().st_mtime_ns}" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _vector(connection, text):
    from smalt.flows.connections import LocalConnections

    return embedding(LocalConnections().get(connection), text, model="echo", deployment_name="echo")
