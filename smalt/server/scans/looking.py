"""Looks at one file of a model: whether it is a pickle, or holds some, and what those would import."""

from __future__ import annotations

import io
import logging
import struct
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from picklescan.scanner import SafetyLevel, scan_pickle_bytes  # type: ignore[import-untyped]  # it has no types

from smalt.kit import pickles
from smalt.server.scans.verdict import Scan, Verdict, together

HEAD_BYTES = 16
LARGEST_BYTES = 1 << 30

_ENDINGS = frozenset((".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".dill", ".sav", ".p"))
"""Names under which pickles are kept; old ones do not show it by their first bytes."""

_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"ZF")
_NUMPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"
_CODE = frozenset(("cloudpickle", "ctypes", "dill", "importlib", "marshal"))
"""Modules by which a pickle brings its own code along, which nobody can look through."""
_CODE_NAMES = frozenset((("types", "CodeType"), ("types", "FunctionType"), ("builtins", "__import__")))

logging.getLogger("picklescan").setLevel(logging.CRITICAL)  # what it finds is told by us


def may_hold_pickles(name: str, head: bytes) -> bool:
    """Whether a file has to be looked at, by its name and its first bytes."""
    if PurePosixPath(name).suffix.lower() in _ENDINGS or head.startswith((_NUMPY, _ZIP)):
        return True
    return len(head) > 1 and head[0] == 0x80 and head[1] <= 5


def look(name: str, stream: BinaryIO) -> Scan:
    """What a file holds.

    Args:
        name: Its path in the model.
        stream: Its content; it can go back in it.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if head.startswith(_ZIP) and zipfile.is_zipfile(stream):
        return _archive(name, stream)
    stream.seek(0)
    if head.startswith(_NUMPY):
        return _array(name, stream)
    if head.startswith(_COMPRESSED):
        return Scan(Verdict.UNREADABLE, (f"{name} is compressed",))
    return _pickle(name, stream)


def _archive(name: str, stream: BinaryIO) -> Scan:
    """Of torch, NumPy and others: files in a zip file."""
    found = []
    try:
        with zipfile.ZipFile(stream) as archive:
            for entry in archive.infolist():
                inner = f"{name}/{entry.filename}"
                with archive.open(entry) as file:
                    head = file.read(HEAD_BYTES)
                    if not may_hold_pickles(entry.filename, head):
                        continue
                    if entry.file_size > LARGEST_BYTES:
                        found.append(Scan(Verdict.UNREADABLE, (f"{inner} is too large to be looked through",)))
                        continue
                    found.append(look(inner, io.BytesIO(head + file.read(LARGEST_BYTES))))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as failure:
        found.append(Scan(Verdict.UNREADABLE, (f"{name} is a damaged archive ({failure})",)))
    return together(found)


def _array(name: str, stream: BinaryIO) -> Scan:
    """Of NumPy: behind the description of an array stand its bytes, or a pickle of its objects."""
    try:
        major = stream.read(8)[6]
        size, format_ = (2, "<H") if major == 1 else (4, "<I")
        (length,) = struct.unpack(format_, stream.read(size))
        described = stream.read(length)
    except (IndexError, struct.error):
        return Scan(Verdict.UNREADABLE, (f"{name} is a damaged array",))
    return _pickle(name, stream) if b"O" in described else Scan(Verdict.NONE)


def _pickle(name: str, stream: BinaryIO) -> Scan:
    found = pickles.imports(stream)
    harmful = sorted(f"{module}.{attribute}" for module, attribute in found.names if _is_harmful(module, attribute))
    if harmful:
        return Scan(Verdict.FLAGGED, tuple(f"{name} would import {each}" for each in harmful))
    if found.is_whole:
        return Scan(Verdict.PICKLE, (name,))
    return Scan(Verdict.UNREADABLE, (f"{name} cannot be read to its end as a pickle",))


def _is_harmful(module: str, attribute: str) -> bool:
    """By the lists that picklescan keeps, and by ours."""
    if (
        pickles.UNKNOWN in (module, attribute)
        or module.partition(".")[0] in _CODE
        or (module, attribute) in _CODE_NAMES
    ):
        return True
    texts = b"".join(b"X" + struct.pack("<I", len(each)) + each for each in (module.encode(), attribute.encode()))
    known = scan_pickle_bytes(io.BytesIO(b"\x80\x04" + texts + b"\x93."), "import")
    return any(each.safety is SafetyLevel.Dangerous for each in known.globals)
