"""Additional includes: files outside of the flow's folder that the flow sees as its own.

They are laid over the folder by links, not copies: breakpoints hold, and what is edited counts at once.
"""

from __future__ import annotations

import contextlib
import shutil
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalt.flows.errors import UserErrorException

if TYPE_CHECKING:
    from smalt.flows.running.flow import Flow

_LEFT_OUT = frozenset({".git", ".promptflow", "__pycache__", ".runs"})


class Folder:
    """The folder in which a flow runs: its own, or a temporary one of links."""

    def __init__(self, path: Path, temporary: Path | None = None) -> None:
        self.path = path
        self._temporary = temporary

    def belongs_to(self, flow: Flow) -> None:
        """Remove the folder of links when the flow is gone."""
        if self._temporary is not None:
            weakref.finalize(flow, shutil.rmtree, self._temporary, ignore_errors=True)


def overlaid(file: Path, document: Mapping[str, Any]) -> Folder:
    """The folder for a flow file.

    Raises:
        UserErrorException: An include does not exist, or two of them have one name.
    """
    own = _code_of(file, document)
    wanted = [str(item) for item in document.get("additional_includes") or ()]
    if not wanted:
        return Folder(own)
    import tempfile

    temporary = Path(tempfile.mkdtemp(prefix="smalt-flow-"))
    folder = temporary / own.name
    folder.mkdir()
    try:
        for item in own.iterdir():
            if item.name not in _LEFT_OUT:
                _link(item, folder / item.name)
        for include in wanted:
            _add(own, include, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Folder(folder, temporary)


def _code_of(file: Path, document: Mapping[str, Any]) -> Path:
    code = document.get("code")
    return (file.parent / str(code)).resolve() if code else file.parent


def _add(own: Path, include: str, folder: Path) -> None:
    source = Path(include) if Path(include).is_absolute() else (own / include).resolve()
    if not source.exists():
        archive = source.with_suffix("") if source.suffix == ".zip" else None
        if archive is None or not archive.is_dir():
            raise UserErrorException(
                f"Unable to find additional include {include}: there is no {source}. Correct it, or add the file."
            )
        shutil.make_archive(str(folder / archive.name), "zip", archive.parent, archive.name)
        return
    if not (folder / source.name).exists():
        _link(source, folder / source.name)
    elif source.is_dir() and (folder / source.name).is_dir():
        _merge(source, folder / source.name)


def _merge(source: Path, target: Path) -> None:
    """Lay a folder over one of the same name; what the flow itself has stays."""
    if target.is_symlink():
        inner = target.resolve()
        target.unlink()
        target.mkdir()
        for item in inner.iterdir():
            _link(item, target / item.name)
    for item in source.iterdir():
        if not (target / item.name).exists():
            _link(item, target / item.name)
        elif item.is_dir() and (target / item.name).is_dir():
            _merge(item, target / item.name)


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except OSError:  # links are not to be had here, as on some Windows machines
        with contextlib.suppress(FileExistsError):
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
