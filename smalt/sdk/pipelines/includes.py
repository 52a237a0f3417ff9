"""Code with what a component includes besides: files and folders from elsewhere, laid beside the code's own."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from smalt.errors import InvalidRequest
from smalt.sdk.snapshot import ALWAYS_LEFT_OUT, LocalFile, Snapshot, take

_ALWAYS = (1980, 1, 1, 0, 0, 0)


@contextmanager
def with_includes(code: Path | None, includes: Sequence[str]) -> Iterator[Snapshot]:
    """The files of `code`, and each include under its own base name; `folder.zip` is the folder, packed.

    Raises:
        InvalidRequest: An include does not exist, or lies where another file does.
    """
    with TemporaryDirectory(prefix="smalt-includes-") as room:
        files: dict[str, LocalFile] = {}
        if code is not None:
            files = {file.key: file for file in take(code, left_out=ALWAYS_LEFT_OUT).files}
        for include in map(Path, includes):
            for file in _files(include, Path(room)):
                if file.key in files and not _is_same(files[file.key], file):
                    raise InvalidRequest(
                        f"{include} is included, and the code has another {file.key!r}. Rename one of them."
                    )
                files[file.key] = file
        ordered = sorted(files.values(), key=lambda file: (file.key.lower(), file.key))
        yield Snapshot(code.name if code is not None else "code", tuple(ordered), is_folder=True)


def _files(include: Path, room: Path) -> list[LocalFile]:
    if include.suffix == ".zip" and not include.exists() and include.with_suffix("").is_dir():
        return list(take(_packed(include.with_suffix(""), room / include.name)).files)
    taken = take(include, left_out=ALWAYS_LEFT_OUT)
    if not taken.is_folder:
        return list(taken.files)
    return [replace(file, key=f"{include.name}/{file.key}") for file in taken.files]


def _packed(folder: Path, target: Path) -> Path:
    """The folder as an archive; the same content always gives the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in take(folder, left_out=ALWAYS_LEFT_OUT).files:
            archive.writestr(zipfile.ZipInfo(file.key, _ALWAYS), file.path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def _is_same(one: LocalFile, other: LocalFile) -> bool:
    return one.path.resolve() == other.path.resolve() or one.path.read_bytes() == other.path.read_bytes()
