"""Time as the platform writes it: aware UTC datetimes, ISO 8601 text, and epoch milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """ISO 8601 with microseconds and `Z`, as ARM writes time stamps."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """Parse ISO 8601; a moment without a zone is taken as UTC.

    Raises:
        ValueError: It is none, or one that UTC counts before the year 1 or after 9999.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the calendar") from error


def from_millis(millis: int) -> datetime:
    """The moment of a count of milliseconds since the epoch."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def to_millis(moment: datetime) -> int:
    """Milliseconds since the epoch, as MLflow counts time."""
    return int(moment.timestamp() * 1000)
