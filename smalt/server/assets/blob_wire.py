"""How the blob protocol spells things: headers, ranges, conditions, block lists and listings. No I/O."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from smalt.blobs import BlobInfo, BlobPage
from smalt.errors import InvalidRequest, PreconditionFailed, RangeNotSatisfiable
from smalt.kit import clock

VERSION = "2023-11-03"
_OCTETS = "application/octet-stream"
_RANGE = re.compile(r"^bytes=([0-9]{1,18})-([0-9]{0,18})$")
_METADATA_NAME = re.compile(r"[a-z_][a-z0-9_.-]*", re.ASCII)
_METADATA_BYTES = 8192


def common() -> dict[str, str]:
    """Headers of every answer. What a blob holds is anyone's text: a browser must neither guess nor run it."""
    return {
        "x-ms-version": VERSION,
        "Date": http_date(clock.now()),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


def http_date(moment: datetime) -> str:
    """A moment as headers write it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def written(info: BlobInfo) -> dict[str, str]:
    """Headers that tell the state of a blob after a write."""
    return {**common(), "ETag": f'"{info.etag}"', "Last-Modified": http_date(info.modified_at)}


def described(info: BlobInfo, known: Mapping[str, Any]) -> dict[str, str]:
    """Headers of a blob; `known` is its row of metadata."""
    headers = {
        **written(info),
        "Content-Type": str(known.get("type", _OCTETS)),
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "false",
        "x-ms-creation-time": http_date(info.modified_at),
    }
    if "md5" in known:
        headers["Content-MD5"] = str(known["md5"])
    return headers | {f"x-ms-meta-{name}": str(value) for name, value in known.get("meta", {}).items()}


def metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """The caller's own metadata.

    Raises:
        InvalidRequest: A name that no XML element can have, or too much.
    """
    found = {}
    for header, value in headers.items():
        name = header.removeprefix("x-ms-meta-")
        if name == header:
            continue
        if not _METADATA_NAME.fullmatch(name):
            raise InvalidRequest(
                f"The metadata name {name[:80]!r} cannot be listed. Use letters, digits and '_', and begin with a "
                "letter.",
                code="InvalidMetadata",
            )
        found[name] = value
    if sum(len(name) + len(value) for name, value in found.items()) > _METADATA_BYTES:
        raise InvalidRequest(
            f"Metadata of a blob may have {_METADATA_BYTES} bytes at most. Shorten it.", code="MetadataTooLarge"
        )
    return found


def md5_of(text: str | None) -> bytes | None:
    """The digest in a header.

    Raises:
        InvalidRequest: It is none.
    """
    if text is None:
        return None
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != 16:
        raise InvalidRequest(
            f"Content-MD5 {text[:60]!r} is not the base64 of an MD5. Encode its 16 bytes.", code="InvalidMd5"
        )
    return value


def asked_range(text: str | None, size: int) -> tuple[int, int] | None:
    """Start and length of the range that a header asks for; None for the whole blob.

    Raises:
        RangeNotSatisfiable: It lies outside the blob.
    """
    match = _RANGE.match(text.strip()) if text is not None else None
    if match is None:
        return None  # a form we do not know is answered with the whole blob, as HTTP allows
    start = int(match[1])
    end = int(match[2]) if match[2] else size - 1
    if start >= size or end < start:
        raise RangeNotSatisfiable(f"The range {match[0]!r} lies outside the {size} bytes of the blob. Ask for less.")
    return start, min(end, size - 1) - start + 1


def check_match(header: str | None, info: BlobInfo | None) -> None:
    """Return when `If-Match` holds.

    Raises:
        PreconditionFailed: The blob is another, or gone.
    """
    if header is not None and (info is None or not _names(header, info)):
        raise not_met(f"If-Match {header}")


def not_met(condition: str) -> PreconditionFailed:
    """The failure of a condition."""
    return PreconditionFailed(
        f"The blob is not as {condition[:100]} says. Read it again and repeat the call.", code="ConditionNotMet"
    )


def is_unchanged(header: str | None, info: BlobInfo) -> bool:
    """Whether `If-None-Match` names this state of the blob."""
    return header is not None and _names(header, info)


def _names(header: str, info: BlobInfo) -> bool:
    return header.strip() == "*" or info.etag in [
        tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")
    ]


def block_ids(body: bytes) -> list[str]:
    """The parts that a block list names, in order.

    Raises:
        InvalidRequest: It is no block list.
    """
    # Declarations could define entities that unfold without end; a NUL is the sign of an encoding that hides them.
    if b"<!" in body or b"\0" in body:
        raise InvalidRequest("The block list may hold no declarations. Send plain UTF-8.", code="InvalidXmlDocument")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - documents with declarations are refused above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InvalidRequest(
            f"The block list is not XML: {error}. Send a BlockList.", code="InvalidXmlDocument"
        ) from error
    if root.tag != "BlockList":
        raise InvalidRequest(f"A BlockList is expected, not {root.tag[:40]!r}. Send one.", code="InvalidXmlDocument")
    return [element.text or "" for element in root if element.tag in ("Latest", "Uncommitted", "Committed")]


def block_list(waiting: Mapping[str, int], kind: str) -> str:
    """The answer to a call for the blocks of a blob, of the kind that was asked for."""
    rows = "".join(
        f"<Block><Name>{escape(name)}</Name><Size>{size}</Size></Block>" for name, size in sorted(waiting.items())
    )
    committed = "<CommittedBlocks />" if kind != "uncommitted" else ""
    uncommitted = f"<UncommittedBlocks>{rows}</UncommittedBlocks>" if kind != "committed" else ""
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{committed}{uncommitted}</BlockList>'


def listing(
    container: str,
    prefix: str,
    page: BlobPage,
    known: Mapping[str, Mapping[str, Any]],
    *,
    include: Sequence[str],
    limit: int,
) -> str:
    """The answer to a list call; `known` has rows of metadata by key. Clients ask for their next page by the limit."""
    rows = {key: f"<BlobPrefix><Name>{escape(key)}</Name></BlobPrefix>" for key in page.prefixes}
    rows |= {item.key: _row(item, known.get(item.key, {}), include) for item in page.items}
    body = "".join(rows[key] for key in sorted(rows))
    return (
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{escape(container)}">'
        f"<Prefix>{escape(prefix)}</Prefix><MaxResults>{limit}</MaxResults><Blobs>{body}</Blobs>"
        f"<NextMarker>{escape(page.after or '')}</NextMarker></EnumerationResults>"
    )


def _row(item: BlobInfo, known: Mapping[str, Any], include: Sequence[str]) -> str:
    if known.get("etag") not in (None, item.etag):
        known = {}  # a job wrote the file anew
    row = f"<Blob><Name>{escape(item.key)}</Name><Properties>"
    row += f"<Creation-Time>{http_date(item.modified_at)}</Creation-Time>"
    row += f"<Last-Modified>{http_date(item.modified_at)}</Last-Modified><Etag>{escape(item.etag)}</Etag>"
    row += f"<Content-Length>{item.size}</Content-Length>"
    row += f"<Content-Type>{escape(str(known.get('type', _OCTETS)))}</Content-Type>"
    if "md5" in known:
        row += f"<Content-MD5>{escape(str(known['md5']))}</Content-MD5>"
    row += "<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>"
    row += "<LeaseState>available</LeaseState></Properties>"
    if "metadata" in include:
        pairs = known.get("meta", {}).items()
        row += "<Metadata>" + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in pairs) + "</Metadata>"
    return row + "</Blob>"
