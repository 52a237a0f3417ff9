"""What a person can mend: their data or their settings."""

from __future__ import annotations


class DataError(Exception):
    """The data does not fit the job; the message says how, and what to do."""
