"""What can end a job before or after its command: a failure to explain, or a request to stop."""

from __future__ import annotations


class Failure(Exception):
    """The job cannot go on; the message is for the person who submitted it."""


class Unreachable(Failure):
    """The server, or whatever holds the bytes, did not answer; it may later."""


class Refused(Failure):
    """The server no longer takes the job's token: for the server this job is over."""


class Stopped(Exception):
    """Somebody asked the job to stop while it was fetching inputs or uploading outputs."""
