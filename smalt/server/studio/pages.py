"""The built pages: plain files of this package, packed once for browsers that take them packed."""

from __future__ import annotations

import gzip
import mimetypes
import secrets
import threading
from pathlib import Path

from smalt.errors import NotFound
from smalt.server.http import Answer

_DIST = Path(__file__).with_name("dist")
_NONCE = b"%NONCE%"
_PACKED = {".js", ".css", ".svg", ".json"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Pages:
    """The files of a build.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path = _DIST) -> None:
        self._folder = folder
        self._packed: dict[str, bytes] = {}
        self._guard = threading.Lock()

    def answer(self, path: str, *, packs: bool) -> Answer:
        """A file of the build; for every other path the page itself, which knows what it shows there.

        Args:
            path: Below `/studio/`.
            packs: Whether the browser takes gzip.

        Raises:
            NotFound: There is no such asset, or no build at all.
        """
        if path.startswith("built/") or path in {"icon.svg", "build.json"}:
            return self._asset(path, packs=packs)
        return self._page()

    def _page(self) -> Answer:
        index = self._folder / "index.html"
        if not index.is_file():
            raise NotFound(f"The studio is not built: {index} is missing. Build it with `make studio`.")
        nonce = secrets.token_urlsafe(18)
        headers = {
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        return Answer(200, index.read_bytes().replace(_NONCE, nonce.encode()), headers, "text/html; charset=utf-8")

    def _asset(self, path: str, *, packs: bool) -> Answer:
        name = path.removeprefix("built/")
        file = self._folder / path
        if "/" in name or name.startswith(".") or not file.is_file():
            raise NotFound(f"The studio has no file {path[:200]!r}. Reload the page; it may be of an older build.")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # Names of assets change with their content.
        lasting = "public, max-age=31536000, immutable" if path != name else "no-cache"
        headers = {"Cache-Control": lasting, "Vary": "Accept-Encoding"}
        if not packs or file.suffix not in _PACKED:
            return Answer(200, file.read_bytes(), headers, kind)
        return Answer(200, self._pack(path, file), {**headers, "Content-Encoding": "gzip"}, kind)

    def _pack(self, path: str, file: Path) -> bytes:
        with self._guard:
            if path not in self._packed:
                self._packed[path] = gzip.compress(file.read_bytes(), 6, mtime=0)
            return self._packed[path]
