"""What a running job's token may do in tracking: its own run, the runs and models it has made itself, no others.

It may also read the runs of its family: of the pipeline, sweep or search that it is a part of.

People and services are let in by their roles, at the gate. The functions here add the rule for jobs, where the answer
needs the row: a route lets every job of the platform come this far, and each service asks here before it answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from smalt.server.tracking.errors import NotYours
from smalt.server.work import Actor

if TYPE_CHECKING:
    from smalt.server.http import Call


class Space(Protocol):
    """What tracking needs to know of a workspace."""

    @property
    def id(self) -> str:
        """The workspace's guid."""


class Owned(Protocol):
    """Something that a job may have made."""

    @property
    def owner_job(self) -> str | None:
        """The job whose token made it; None when it was made by a person."""


def any_job(call: Call, actor: Actor) -> bool:
    """For the route table: jobs may come in; what they reach is decided with the row in hand."""
    return actor.grant is not None and actor.grant.deployment is None


def owner(actor: Actor) -> str | None:
    """The job that acts, or None for people and services."""
    return actor.grant.job if actor.grant is not None else None


def check_space(actor: Actor, workspace: Space) -> None:
    """Refuse a job of another workspace.

    Raises:
        NotYours: The token was issued for a job elsewhere.
    """
    if actor.grant is not None and actor.grant.workspace_id != workspace.id:
        raise NotYours(f"The token of job {actor.grant.job!r} opens nothing in this workspace. Use a person's.")


def check_readable(actor: Actor, thing: Owned, name: str, *, root: str | None) -> None:
    """Refuse a job that looks at what neither it nor another job of its family has made.

    Args:
        actor: Who asks.
        thing: The run.
        name: What messages call it.
        root: The job at the top of the run's family.

    Raises:
        NotYours: It belongs to a person or to a job of another family.
    """
    grant = actor.grant
    if grant is None or thing.owner_job is None or grant.root is None or grant.root != root:
        check_owned(actor, thing, name)


def check_owned(actor: Actor, thing: Owned, name: str) -> None:
    """Refuse a job that reaches for what another has made.

    Raises:
        NotYours: It belongs to a person or to another job.
    """
    if actor.grant is not None and thing.owner_job != actor.grant.job:
        raise NotYours(
            f"The token of job {actor.grant.job!r} opens its own run and what it has made itself, not {name!r}. "
            "Use a person's or a service principal's token for other runs."
        )
