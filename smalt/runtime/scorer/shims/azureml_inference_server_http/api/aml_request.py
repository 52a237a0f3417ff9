"""`AMLRequest` and `@rawhttp`, without Flask."""

from __future__ import annotations

import json
import urllib.parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_rawHttpRequested = False  # noqa: N816  (the name that servers look for)


def rawhttp(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark `run` as one that takes the request itself."""
    global _rawHttpRequested
    _rawHttpRequested = True
    return function


class Headers:
    """Headers by any spelling of their names."""

    def __init__(self, found: dict[str, str]) -> None:
        self._found = found

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header."""
        return self._found.get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return self._found[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._found

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items())

    def keys(self) -> list[str]:
        """The names, as they are usually written."""
        return [name.title() for name in self._found]

    def items(self) -> list[tuple[str, str]]:
        """Names and values."""
        return [(name.title(), value) for name, value in self._found.items()]


class Parameters(dict):  # type: ignore[type-arg]  # its values are lists, and what is read is the first
    """Parameters of a URL or a form."""

    def __getitem__(self, name: str) -> str:
        return str(super().__getitem__(name)[0])

    def get(self, name: str, default: Any = None) -> Any:
        """The first value of a parameter."""
        found = super().get(name)
        return found[0] if found else default

    def getlist(self, name: str) -> list[str]:
        """All values of a parameter."""
        return list(super().get(name) or [])


class AMLRequest:
    """A request, with the names that scripts use of Flask's."""

    method = "GET"
    path = "/"
    query_string = b""
    data = b""
    headers = Headers({})

    @classmethod
    def of_parts(cls, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> AMLRequest:
        """A request that came in."""
        request = cls()
        request.method, request.path = method, urllib.parse.unquote(path)
        request.query_string, request.data = query.encode("latin-1"), body
        request.headers = Headers(headers)
        return request

    def get_data(self, cache: bool = True, as_text: bool = False) -> Any:
        """The body."""
        return self.data.decode("utf-8", "replace") if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return self.get_json()

    @property
    def full_path(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query_string.decode('latin-1')}"

    @property
    def url(self) -> str:
        """The URL, as far as the request tells it."""
        query = f"?{self.query_string.decode('latin-1')}" if self.query_string else ""
        return f"http://{self.headers.get('host', 'localhost')}{self.path}{query}"

    @property
    def content_type(self) -> str:
        """What the body is, with its parameters."""
        return str(self.headers.get("content-type", ""))

    @property
    def mimetype(self) -> str:
        """What the body is."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return self.mimetype == "application/json" or self.mimetype.endswith("+json")

    @property
    def args(self) -> Parameters:
        """The parameters of the URL."""
        return Parameters(urllib.parse.parse_qs(self.query_string.decode("latin-1"), keep_blank_values=True))

    @property
    def form(self) -> Parameters:
        """The fields of a form."""
        if self.mimetype == "application/x-www-form-urlencoded":
            return Parameters(urllib.parse.parse_qs(self.data.decode("utf-8", "replace"), keep_blank_values=True))
        found = Parameters()
        for name, filename, content in self._parts():
            if filename is None:
                found.setdefault(name, []).append(content.decode("utf-8", "replace"))
        return found

    @property
    def files(self) -> Parameters:
        """The files of a form, open for reading."""
        import io

        found = Files()
        for name, filename, content in self._parts():
            if filename is not None:
                file = io.BytesIO(content)
                file.filename = filename  # type: ignore[attr-defined]  # as Flask's files have
                found.setdefault(name, []).append(file)
        return found

    def _parts(self) -> Iterator[tuple[str, str | None, bytes]]:
        """Name, file name and content of each part of a form."""
        if self.mimetype != "multipart/form-data":
            return
        from email.parser import BytesParser
        from email.policy import HTTP

        head = f"Content-Type: {self.content_type}\r\n\r\n".encode("latin-1")
        for part in BytesParser(policy=HTTP).parsebytes(head + self.data).iter_parts():
            name = part.get_param("name", header="content-disposition")
            yield str(name), part.get_filename(), bytes(part.get_payload(decode=True) or b"")


class Files(Parameters):
    """The files of a form."""

    def __getitem__(self, name: str) -> Any:
        return dict.__getitem__(self, name)[0]
