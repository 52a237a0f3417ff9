"""Images in flows: how they are written in JSON, loaded, and written again."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from smalt.flows.definition.types import InputDefinition
from smalt.flows.errors import InvalidImageInput, InvalidMessageFormatType, LoadMultimediaDataError

_KEY = re.compile(r"^data:image/(.*);(path|base64|url)$")
_BASE64 = re.compile(r"^([A-Za-z0-9+/]{4})*(([A-Za-z0-9+/]{2})*(==|[A-Za-z0-9+/]=)?)?$")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"), (b"II*\x00", "image/tiff"), (b"MM\x00*", "image/tiff"), (b"\x00\x00\x01\x00", "image/x-icon"),
)  # fmt: skip
MAX_BYTES = 32 * 1024 * 1024
_FETCH_SECONDS = 30.0


class PFBytes(bytes):
    """Bytes with a type, as tools get them.

    Attributes:
        any_made: Whether this process has ever made one; without, values need not be looked through for them.
    """

    any_made = False

    def __new__(cls, value: bytes, *_: object, **__: object) -> PFBytes:  # noqa: D102  # the class says it
        PFBytes.any_made = True
        return super().__new__(cls, value)

    def __init__(self, value: bytes, mime_type: str, source_url: str | None = None) -> None:
        self._hash = hashlib.sha1(value, usedforsecurity=False).hexdigest()[:8]
        self._mime_type = mime_type.lower()
        self._source_url = source_url

    @property
    def source_url(self) -> str | None:
        """Where it was fetched from."""
        return self._source_url

    @property
    def mime_type(self) -> str:
        """E.g. `image/png`."""
        return self._mime_type

    def to_base64(self, with_type: bool = False) -> str:
        """The bytes as text; with the type in front, a data URL."""
        text = base64.b64encode(self).decode()
        return f"data:{self._mime_type};base64,{text}" if with_type else text

    def as_url(self) -> str:
        """Where it was fetched from, otherwise itself as a data URL."""
        return self._source_url or self.to_base64(with_type=True)


class Image(PFBytes):
    """An image, as tools get it."""

    def __init__(self, value: bytes, mime_type: str | None = None, source_url: str | None = None) -> None:
        super().__init__(value, mime_type or guessed_type(value), source_url)

    def __str__(self) -> str:
        return f"Image({self._hash})"

    __repr__ = __str__

    def serialize(self, encoder: Callable[[Image], Any] | None = None) -> Any:  # Any: what the encoder makes
        """As text, or as the encoder writes it."""
        return str(self) if encoder is None else encoder(self)


class Text(str):
    """A text of a message, with notes about parts of it."""

    _annotations: list[Any] | None

    def __new__(cls, value: str, annotations: list[Any] | None = None) -> Text:  # noqa: D102  # the class says it
        made = super().__new__(cls, value)
        made._annotations = annotations
        return made

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> Text:
        """Read `{"type": "text", "text": ...}`."""
        text = data.get("text", "")
        if isinstance(text, Mapping):
            return cls(text.get("value", ""), text.get("annotations", []))
        return cls(text)

    def serialize(self) -> dict[str, Any]:
        """Write `{"type": "text", "text": ...}`."""
        if self._annotations is None:
            return {"type": "text", "text": str(self)}
        return {"type": "text", "text": {"value": str(self), "annotations": self._annotations}}


def guessed_type(value: bytes) -> str:
    """The type that the first bytes say; `image/*` if they say none."""
    if value[:4] == b"RIFF" and value[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if value.startswith(signature)), "image/*")


class Format:
    """How a flow writes images: `basic` or `openai-vision`.

    Args:
        name: As `message_format` of the flow says.
        folder: Where relative paths begin.

    Raises:
        InvalidMessageFormatType: A format nobody knows.
    """

    def __init__(self, name: str, folder: Path) -> None:
        if name.lower() not in {"basic", "openai-vision"}:
            raise InvalidMessageFormatType(f"There is no message format {name!r}. Write 'basic' or 'openai-vision'.")
        self.is_vision = name.lower() == "openai-vision"
        self.folder = folder

    def load_inputs(
        self, definitions: Mapping[str, InputDefinition], values: dict[str, Any], *, folder: Path | None = None
    ) -> dict[str, Any]:
        """The inputs of a line with every image in them loaded.

        Raises:
            LoadMultimediaDataError: One cannot be; the message names the input.
        """
        loaded = dict(values)
        for name, definition in definitions.items():
            if name not in values:
                continue
            try:
                if definition.type == "image":
                    value = values[name]
                    several = isinstance(value, list)
                    loaded[name] = [self.image(v, folder) for v in value] if several else self.image(value, folder)
                elif definition.type in ("list", "object"):
                    loaded[name] = self.load(values[name], folder)
            except Exception as error:
                raise LoadMultimediaDataError(
                    f"Failed to load image for input {name!r}: ({type(error).__name__}) {error}"
                ) from error
        return loaded

    def may_wait(self, definitions: Mapping[str, InputDefinition], values: Mapping[str, Any]) -> bool:
        """Whether loading the images of these inputs may take a while: one may be at an address, or in a big file."""
        for name, definition in definitions.items():
            if definition.type == "image" or (
                definition.type in ("list", "object") and self._has_image(values.get(name))
            ):
                return True
        return False

    def _has_image(self, value: Any) -> bool:  # Any: values of flows
        if isinstance(value, list):
            return any(self._has_image(item) for item in value)
        if isinstance(value, dict):
            return self.is_image(value) or any(self._has_image(item) for item in value.values())
        return False

    def load(self, value: Any, folder: Path | None = None) -> Any:  # Any: values of flows
        """The value with every image in it loaded, at any depth."""
        if isinstance(value, list):
            return [self.load(item, folder) for item in value]
        if not isinstance(value, dict):
            return value
        if self.is_image(value):
            return self._from_dict(value, folder or self.folder)
        if self.is_vision and _is_text(value):
            return Text.deserialize(value)
        return {key: self.load(item, folder) for key, item in value.items()}

    def is_image(self, value: Mapping[str, Any]) -> bool:
        """Whether a mapping is an image in this format."""
        if not self.is_vision:
            return len(value) == 1 and isinstance(key := next(iter(value)), str) and bool(_KEY.match(key))
        kind = value.get("type")
        return kind in ("image_file", "image_url") and isinstance(value.get(kind), dict) and len(value) == 2

    def image(self, value: Any, folder: Path | None = None) -> PFBytes:  # Any: what was given
        """The image that a value means: a mapping, or text with base64, an address or a path.

        Raises:
            InvalidImageInput: It means none, or cannot be fetched.
        """
        if isinstance(value, PFBytes):
            return value
        if isinstance(value, dict):
            if not self.is_image(value):
                wanted = (
                    '{"type": "image_url", "image_url": {"url": ...}}'
                    if self.is_vision
                    else ('{"data:image/<type>;[path|base64|url]": ...}')
                )
                raise InvalidImageInput(f"{sorted(map(str, value))} are not the keys of an image. Write {wanted}.")
            return self._from_dict(value, folder or self.folder)
        if not isinstance(value, str):
            raise InvalidImageInput(f"A {type(value).__name__} is not an image. Write text or a mapping.")
        if not value:
            raise InvalidImageInput("The image input should not be empty.")
        return self._from_text(value, folder or self.folder)

    def _from_text(self, value: str, folder: Path) -> Image:
        if is_base64(value):
            return from_base64(value)
        parts = urlparse(value)
        return from_url(value) if parts.scheme and parts.netloc else from_file(folder / value)

    def _from_dict(self, value: Mapping[str, Any], folder: Path) -> Image:
        if self.is_vision:
            if value["type"] == "image_file":
                return from_file(folder / value["image_file"]["path"])
            url = value["image_url"]["url"]
            return from_base64(url, _data_type(url)) if is_base64(url) else from_url(url)
        ((key, content),) = value.items()
        match = _KEY.match(key)
        assert match is not None
        kind = f"image/{match[1]}"
        if match[2] == "path":
            return from_file(folder / content, kind)
        if match[2] == "url":
            return from_url(content, kind)
        if not is_base64(content):
            raise InvalidImageInput(f"The image under {key!r} is not base64. Encode it again.")
        return from_base64(content, kind)

    def persist(self, value: Any, folder: Path, under: Path | None = None, *, absolute: bool = False) -> Any:
        """The value with each image in it written to `folder/under` and replaced by a reference to the file.

        Any: values of flows.
        """
        return replaced(value, lambda image: self._write(image, folder, under, absolute))

    def _write(self, image: PFBytes, folder: Path, under: Path | None, absolute: bool) -> dict[str, Any]:
        if image.source_url:
            if self.is_vision:
                return {"type": "image_url", "image_url": {"url": image.source_url}}
            return {f"data:{image.mime_type};url": image.source_url}
        extension = image.mime_type.rpartition("/")[2]
        name = f"{uuid.uuid4()}" + ("" if extension == "*" else f".{extension}")
        place = folder / under if under else folder
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(image)
        path = (place / name).resolve().as_posix() if absolute else (under / name if under else Path(name)).as_posix()
        if self.is_vision:
            return {"type": "image_file", "image_file": {"path": path}}
        return {f"data:{image.mime_type};path": path}

    def inlined(self, value: Any) -> Any:  # Any: values of flows
        """The value with each image in it as base64, for answers over HTTP."""
        if self.is_vision:
            return replaced(value, lambda i: {"type": "image_url", "image_url": {"url": i.to_base64(with_type=True)}})
        return replaced(value, lambda image: {f"data:{image.mime_type};base64": image.to_base64()})


def replaced(value: Any, write: Callable[[PFBytes], Any]) -> Any:  # Any: values of flows
    """The value with each image in it, at any depth, replaced by what `write` makes of it. Texts become mappings."""
    if isinstance(value, PFBytes):
        return write(value)
    if isinstance(value, Text):
        return value.serialize()
    if isinstance(value, list | tuple):
        return [replaced(item, write) for item in value]
    if isinstance(value, dict):
        return {key: replaced(item, write) for key, item in value.items()}
    return value


def found_in(value: Any) -> list[Image]:  # Any: values of flows
    """All images in a value."""
    if isinstance(value, Image):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [image for item in items for image in found_in(item)]


def is_base64(value: str) -> bool:
    """Whether a text is base64, with or without the head of a data URL."""
    head, comma, body = value.partition(",")
    if not comma:
        return bool(_BASE64.match(value))
    return head.startswith("data:image/") and head.endswith(";base64") and bool(_BASE64.match(body))


def _data_type(value: str) -> str | None:
    return value[5:].partition(";")[0] if value.startswith("data:") else None


def from_base64(value: str, mime_type: str | None = None) -> Image:
    """The image that base64 text holds."""
    return Image(base64.b64decode(value.rpartition(",")[2]), mime_type)


def from_file(path: Path, mime_type: str | None = None) -> Image:
    """The image in a file."""
    return Image(path.read_bytes(), mime_type)


def from_url(url: str, mime_type: str | None = None) -> Image:
    """The image at an address of the open internet; addresses of this machine and its network are refused.

    Raises:
        InvalidImageInput: It cannot be fetched; the message says why.
    """
    from smalt.flows.values.fetch import Refused, fetch

    try:
        return Image(fetch(url, MAX_BYTES, _FETCH_SECONDS), mime_type, url)
    except Refused as error:
        raise InvalidImageInput(f"Failed to fetch image from URL: {url}. {error}") from error


def _is_text(value: Mapping[str, Any]) -> bool:
    text = value.get("text")
    if len(value) != 2 or value.get("type") != "text":
        return False
    return isinstance(text, str) or (isinstance(text, dict) and isinstance(text.get("value"), str))
