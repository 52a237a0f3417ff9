"""A flow as a plain folder: what of it goes to a workspace, and which version of which flow it was made of."""

from __future__ import annotations

import base64
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smalt.errors import Conflict
from smalt.sdk import snapshot
from smalt.sdk.download import safe_path

LEFT_OUT = frozenset({*snapshot.ALWAYS_LEFT_OUT, ".promptflow", ".runs", ".venv", "node_modules"})
"""Folders that are no part of a flow, at any depth; `.env` files are none either, as they hold secrets."""

_SECRETS = ".env"
_ORIGIN = Path(".promptflow") / "workspace.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which version a folder was made of; `workspace` is an ARM id."""

    workspace: str
    flow: str
    version: int


def read(source: Path) -> dict[str, bytes]:
    """The files that go to a workspace, by their paths: additional includes in their places, ignored files left out.

    Args:
        source: A folder, or the file of the flow in it.

    Raises:
        InvalidRequest: There is no flow, or a link leads out of the folder.
    """
    with _whole(source) as folder:
        taken = snapshot.take(folder, left_out=LEFT_OUT)
        return {file.key: file.path.read_bytes() for file in taken.files if file.path.name != _SECRETS}


@contextmanager
def _whole(source: Path) -> Iterator[Path]:
    # Here, since only flows need them, and they cost every command more than it does otherwise.
    from smalt.flows import loading
    from smalt.flows.serving.packing import copy_flow

    file = loading.find(source)
    assert file is not None  # A path is no `module:function`.
    document = {} if file.suffix == ".prompty" else loading.read(file)
    if not document.get("additional_includes") and not document.get("code"):
        yield file.parent
        return
    with tempfile.TemporaryDirectory() as packed:
        copy_flow(file, Path(packed))
        yield Path(packed)


def to_wire(files: Mapping[str, bytes | None]) -> list[dict[str, Any]]:  # Any: JSON
    """Files as they are sent; None deletes one."""
    return [_file(path, content) for path, content in files.items()]


def _file(path: str, content: bytes | None) -> dict[str, Any]:  # Any: JSON
    if content is None:
        return {"path": path, "content": None}
    try:
        if b"\0" not in content:  # which JSON of the server takes in no text
            return {"path": path, "content": content.decode()}
    except UnicodeDecodeError:
        pass
    return {"path": path, "contentBase64": base64.b64encode(content).decode()}


def write(archive: bytes, target: Path, *, overwrite: bool) -> None:
    """Write the files of an archive into a folder; what else is there stays.

    Raises:
        Conflict: The folder is not empty.
        InvalidRequest: A name would lead out of it.
    """
    if not overwrite and target.exists() and any(target.iterdir()):
        raise Conflict(f"{target} is not empty. Choose another folder, or pass --overwrite.")
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        places = {name: safe_path(target, name) for name in packed.namelist()}
        for name, path in places.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.parent.resolve().is_relative_to(target.resolve()) or path.is_symlink():
                raise Conflict(f"{path} leads out of {target} through a link. Choose an empty folder.")
            path.write_bytes(packed.read(name))


def origin(source: Path) -> Origin | None:
    """What a folder was made of, as far as it says."""
    try:
        found = json.loads((_folder(source) / _ORIGIN).read_text(encoding="utf-8"))
        return Origin(str(found["workspace"]), str(found["flow"]), int(found["version"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def note_origin(source: Path, made_of: Origin) -> None:
    """Keep in the folder what it was made of, beside what trying a flow leaves there."""
    path = _folder(source) / _ORIGIN
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(made_of), indent=2) + "\n", encoding="utf-8")


def _folder(source: Path) -> Path:
    return source.parent if source.is_file() else source
