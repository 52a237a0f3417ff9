"""Files of a workspace's people, and the sessions of their notebooks."""

from __future__ import annotations

from smalt.entities.base import Entity
from smalt.entities.text import FreeText, Text


class NotebookFile(Entity):
    """A file or folder.

    Args:
        type: `file` or `folder`.
        etag: Changes whenever the file does; a save names the one it was made of.
    """

    name: Text
    path: Text
    type: Text
    size: int = 0
    modified_at: Text | None = None
    etag: Text | None = None


class NotebookSession(Entity):
    """A kernel at work: `name` is that of its job.

    Args:
        path: The notebook.
        owner: Whose rights its code has.
        status: Of the job.
        kernel: starting, idle, busy, restarting or ended.
        python: Its version.
        running: The cell that runs.
    """

    name: Text
    path: Text
    owner: FreeText | None = None
    is_mine: bool = False
    environment: Text | None = None
    compute: Text | None = None
    started_at: Text | None = None
    status: Text | None = None
    is_active: bool = False
    kernel: Text | None = None
    python: Text | None = None
    running: Text | None = None
