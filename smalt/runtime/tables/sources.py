"""The files of a table: paths, folders and patterns become a sorted list of local files."""

from __future__ import annotations

import os
import re
import tempfile

from .description import FILE_NAME
from .failure import TableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .description import Description

_TIMEOUT_SECONDS = 60
_PIECE_BYTES = 1 << 20


class Source:
    """One file of a table.

    Args:
        path: Where it is on this machine.
        shown: How the table names it; partition formats are matched against this.
    """

    def __init__(self, path: str, shown: str) -> None:
        self.path = path
        self.shown = shown


class Places:
    """Turns the URIs of a table into paths on this machine.

    Args:
        known: Local folders by URI prefix, the most exact one wins.
        scratch: Folder for what has to be fetched.
    """

    def __init__(self, known: Mapping[str, str] | None = None, scratch: str | None = None) -> None:
        self._known = sorted((known or {}).items(), key=lambda pair: -len(pair[0]))
        self._scratch = scratch
        self._fetched: dict[str, str] = {}

    def path_of(self, text: str, folder: str) -> str:
        """A local path for a path or URI of a table in `folder`.

        Raises:
            TableError: Nothing leads there from here.
        """
        for prefix, place in self._known:
            if text == prefix or text.startswith(prefix.rstrip("/") + "/"):
                return os.path.join(place, text[len(prefix.rstrip("/")) :].lstrip("/"))
        scheme = text.partition("://")[0].lower() if "://" in text else ""
        if scheme in ("http", "https"):
            return self._fetch(text)
        if scheme == "file":
            import urllib.parse  # Imported here and below since few tables have URLs, and http costs a job's start.

            return urllib.parse.unquote(urllib.parse.urlsplit(text).path)
        if scheme:
            raise TableError(
                f"The table names {text}, which this job has no way to. Give it to the job as an input of its own, or "
                "put the files into the folder of the table."
            )
        return os.path.normpath(os.path.join(folder, text))

    def _fetch(self, url: str) -> str:
        import urllib.parse
        import urllib.request

        if url in self._fetched:
            return self._fetched[url]
        name = os.path.basename(urllib.parse.unquote(urllib.parse.urlsplit(url).path)) or "file"
        path = os.path.join(tempfile.mkdtemp(prefix="table-", dir=self._scratch), name)
        shown = url.partition("?")[0]  # A signature is a secret.
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer, open(path, "wb") as copy:  # noqa: S310  (http or https, as tested)
                for piece in iter(lambda: answer.read(_PIECE_BYTES), b""):
                    copy.write(piece)
        except OSError as failure:
            raise TableError(f"The table names {shown}, which cannot be fetched: {failure}.") from None
        self._fetched[url] = path
        return path


def files_of(description: Description, places: Places) -> list[Source]:
    """The files of a table, in the order of its paths, each path's files by name.

    Raises:
        TableError: A path leads to nothing.
    """
    found: dict[str, Source] = {}
    for kind, text in description.paths:
        sources = list(_matching(kind, text, description.folder, places))
        if not sources:
            raise TableError(f"The {kind} {text.partition('?')[0]!r} of the table leads to no file.")
        for source in sources:
            found.setdefault(source.path, source)
    return list(found.values())


def _matching(kind: str, text: str, folder: str, places: Places) -> Iterator[Source]:
    if kind == "pattern":
        base, pattern = _split_pattern(text)
        root = places.path_of(base, folder) if base else folder
        matches = _pattern(pattern)
        for path in _walk(root):
            if matches.fullmatch(os.path.relpath(path, root)):
                yield _source(path, folder)
        return
    path = places.path_of(text, folder)
    if kind == "folder":
        for each in _walk(path):
            yield _source(each, folder)
    elif os.path.isfile(path):
        yield _source(path, folder, text)


def _source(path: str, folder: str, text: str | None = None) -> Source:
    inside = path.startswith(folder.rstrip("/") + "/")
    return Source(path, os.path.relpath(path, folder) if inside else text or path)


def _walk(root: str) -> Iterator[str]:
    for parent, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(each for each in folders if not each.startswith((".", "_")))
        for name in sorted(names):
            if name != FILE_NAME and not name.startswith("."):
                yield os.path.join(parent, name)


def _split_pattern(text: str) -> tuple[str, str]:
    """The part before the first wildcard, up to a slash, and the rest."""
    wild = re.search(r"[*?\[]", text)
    end = text.rfind("/", 0, wild.start() if wild else len(text)) + 1
    base, pattern = text[:end], text[end:]
    return ("" if base == "./" else base), pattern


def _pattern(text: str) -> re.Pattern[str]:
    """`*` stays inside one folder, `**` does not."""
    pieces = []
    for part in re.split(r"(\*\*/?|\*|\?|\[[^\]]+\])", text):
        if part in ("**", "**/"):
            pieces.append("(?:.*/)?" if part == "**/" else ".*")
        elif part == "*":
            pieces.append("[^/]*")
        elif part == "?":
            pieces.append("[^/]")
        elif part.startswith("[") and part.endswith("]"):
            pieces.append(part.replace("[!", "[^"))
        else:
            pieces.append(re.escape(part))
    return re.compile("".join(pieces))
