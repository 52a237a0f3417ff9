"""Finds the place in the object store, learns what it has, and ties containers to it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from smalt.blobs import BlobIndex, Held, LocalBlobStore, ObstoreBlobStore
from smalt.errors import Conflict
from smalt.server.assets import Behind, Containers, working_container
from smalt.server.assets.containers import STAGING
from smalt.server.mirror.loop import AtWork, Mirror
from smalt.server.settings import Settings
from smalt.server.work import Works

OWNER = "smalt-installation"
"""Key of the object that says whose the place is."""

_INDEX = ".objects.sqlite"
_GIGABYTE = 1e9
_PAGE = 10_000


def mirror(
    settings: Settings, works: Works, containers: Containers, installation: str, at_work: AtWork
) -> Mirror | None:
    """The mirror of this server, opened; None where blobs live in the home folder.

    Args:
        settings: The operator's choices.
        works: Opens transactions.
        containers: Are tied to the object store.
        installation: Names the installation.
        at_work: Finds the jobs that may write.

    Raises:
        Conflict: Another installation's files are there.
        InvalidRequest: The address is none.
        Unavailable: It does not answer.
        Forbidden: It refuses the credentials.
    """
    url = settings.object_store
    if url is None:
        return None
    root = settings.home / "blobs"
    remote = ObstoreBlobStore(url, options=_options())
    _claim(remote, url, installation)
    index = BlobIndex(root / _INDEX)
    if index.is_empty():
        _learn(remote, index, root)
    for base in index.containers():
        _account(remote, index, root, base)
    made = Mirror(
        root,
        remote,
        index,
        works=works,
        at_work=at_work,
        url=url,
        room_bytes=None if settings.local_gigabytes is None else settings.local_gigabytes * _GIGABYTE,
        report=settings.home / "object-store.json",
    )
    containers.behind = Behind(remote, index, made.note)
    return made


def _options() -> dict[str, str]:
    # All else of the environment is read by the library; whether HTTP will do must be said beside the address.
    return {"aws_allow_http": "true"} if os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true" else {}


def _claim(remote: ObstoreBlobStore, url: str, installation: str) -> None:
    if remote.head(OWNER) is None:
        remote.write(OWNER, [installation.encode()])
        return
    owner = b"".join(remote.read(OWNER)).decode(errors="replace")
    if owner != installation:
        raise Conflict(
            f"{url} holds the files of another installation ({owner[:36]}), not of this one ({installation}). Name a "
            "place of its own with --object-store, or start with the home folder that belongs to it.",
            target="--object-store",
        )


def _learn(remote: ObstoreBlobStore, index: BlobIndex, root: Path) -> None:
    """Write down all there is; a file here counts as newer than the object, for nobody knows."""
    after: str | None = None
    while True:
        page = remote.list(after=after, limit=_PAGE)
        index.put(
            Held(item.key, item.size, item.modified_at, item.etag, 0 if (root / item.key).is_file() else None)
            for item in page.items
            if item.key != OWNER
        )
        after = page.after
        if after is None:
            return


def _account(remote: ObstoreBlobStore, index: BlobIndex, root: Path, base: str) -> None:
    """Settle what of a container stands here: nothing when its folder is gone, all of it when people edit in it."""
    workspace, _, container = base.partition("/")
    folder = root / base
    if not folder.is_dir():
        index.all_left(f"{base}/")
        folder.mkdir(parents=True)
    if container != working_container(workspace):
        return
    local = LocalBlobStore(folder, folder.parent / STAGING)
    for held in index.absent(f"{base}/"):
        key = held.key.removeprefix(f"{base}/")
        local.write(key, remote.read(held.key))
        index.put([replace(held, here=(folder / key).stat().st_mtime_ns)])
