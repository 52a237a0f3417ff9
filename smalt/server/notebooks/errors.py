"""Failures only notebooks have."""

from __future__ import annotations

from smalt.errors import Conflict, Forbidden, InvalidRequest, NotFound, PreconditionFailed, Unavailable


class FileMissing(NotFound):
    """There is no such file or folder in the workspace."""

    code = "FileNotFound"


class FileExists(Conflict):
    """Something stands where a file or folder is to be made."""

    code = "FileExists"


class FileMovedOn(PreconditionFailed):
    """Somebody else has changed the file since it was read."""

    code = "FileChanged"


class InvalidPath(InvalidRequest):
    """The path is none of the workspace's files."""

    code = "InvalidPath"


class SessionMissing(NotFound):
    """There is no such session."""

    code = "SessionNotFound"


class SessionOver(Conflict):
    """The session has ended."""

    code = "SessionOver"


class SessionNotReady(Unavailable):
    """The kernel of the session does not answer yet."""

    code = "SessionNotReady"


class NotYourSession(Forbidden):
    """The session runs with the rights of somebody else."""

    code = "NotYourSession"
