"""What can end a job before or after its command: a failure to explain, or a request to stop."""

from __future__ import annotations


class Failure(Exception):
    """The job cannot go on; the message is for the person who submitted it."""


class Stopped(Exception):
    """Somebody asked the job to stop while it was fetching inputs or uploading outputs."""
