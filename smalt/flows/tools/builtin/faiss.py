"""Indexes of FAISS as LangChain and MLIndex leave them: `index.faiss` with vectors, `index.pkl` with their passages.

The flat kinds, which keep vectors as they are, are read without the package `faiss`; it reads the others where it is
installed. Of the pickle only documents are taken: whatever else it would have made is refused, not made.
"""

from __future__ import annotations

import pickle
import struct
from array import array
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

VECTORS, DOCUMENTS = "index.faiss", "index.pkl"
_FLAT = {b"IxFI": "ip", b"IxF2": "l2"}
_ANY_FLAT = b"IxFl"
_HEADER = struct.Struct("<4siqqq?i")
_METRICS = {0: "ip", 1: "l2"}
_CLASSES = frozenset({"Document", "InMemoryDocstore"})


class NotFlat(ValueError):
    """The vectors are kept in a way that only `faiss` itself reads."""


def vectors(path: Path) -> tuple[list[array[float]], str]:
    """The vectors of an index in their order, and how near is measured: `l2` or `ip`.

    Raises:
        NotFlat: Only `faiss` reads it, and is not installed.
        ValueError: It is no index.
    """
    content = path.read_bytes()
    try:
        return _flat(content)
    except NotFlat:
        try:
            faiss = import_module("faiss")
        except ImportError:
            raise NotFlat(
                f"{path} is of a kind ({content[:4].decode('latin-1')}) that only FAISS reads. Install faiss-cpu."
            ) from None
        found = faiss.read_index(str(path))
        return [array("f", row) for row in found.reconstruct_n(0, found.ntotal)], _METRICS.get(found.metric_type, "l2")


def documents(path: Path) -> dict[int, tuple[str, Mapping[str, Any]]]:
    """Text and metadata of each passage, by the place of its vector.

    Raises:
        ValueError: It holds something else.
    """
    try:
        store, ids = _Reader(BytesIO(path.read_bytes())).load()
        kept = store.state["_dict"]
        return {int(place): _document(kept[key]) for place, key in ids.items()}
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not hold documents of LangChain: {error}") from error


def _flat(content: bytes) -> tuple[list[array[float]], str]:
    if len(content) < _HEADER.size + 8:
        raise ValueError("it is cut off")
    kind, size, count, _, _, _, metric = _HEADER.unpack_from(content)
    if kind not in _FLAT and kind != _ANY_FLAT:
        raise NotFlat(kind)
    (numbers,) = struct.unpack_from("<Q", content, _HEADER.size)
    start = _HEADER.size + 8
    if size < 1 or count < 0 or numbers != size * count or len(content) < start + 4 * numbers:
        raise ValueError(f"it says {count} vectors of {size} numbers and has {(len(content) - start) // 4}")
    values = array("f", content[start : start + 4 * numbers])
    found = [values[place : place + size] for place in range(0, numbers, size)]
    return found, _FLAT.get(kind) or _METRICS.get(metric, "l2")


def _document(kept: Any) -> tuple[str, Mapping[str, Any]]:  # Any: what was pickled
    fields = kept.state.get("__dict__", kept.state)
    return str(fields["page_content"]), dict(fields.get("metadata") or {})


class _Kept:
    """Stands for an object of the pickle: its state, and nothing that it could do."""

    def __init__(self, *_: object, **state: Any) -> None:
        self.state: Mapping[str, Any] = state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """Reads plain values and documents."""

    def find_class(self, module_name: str, name: str) -> Any:
        """Our own stand-in for the two classes that are expected.

        Raises:
            UnpicklingError: Anything else is asked for.
        """
        if name in _CLASSES and module_name.partition(".")[0].startswith("langchain"):
            return _Kept
        if (module_name, name) == ("builtins", "set"):
            return set
        raise pickle.UnpicklingError(f"it asks for {module_name}.{name}")


def nearest(query: Sequence[float], found: Sequence[Sequence[float]], metric: str) -> list[float]:
    """How near each vector is; more is nearer."""
    if metric == "ip":
        return [sum(a * b for a, b in zip(query, other, strict=False)) for other in found]
    return [-sum((a - b) ** 2 for a, b in zip(query, other, strict=False)) for other in found]
