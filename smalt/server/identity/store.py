"""Every query of identity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, or_, select, update

from smalt.server.identity.tables import actors, credentials, job_tokens, role_assignments, role_definitions

# What every job does is put together once: building a statement costs more than running it.
_DELETE_JOB_TOKENS = delete(job_tokens).where(
    job_tokens.c.workspace_id == bindparam("workspace"), job_tokens.c.job == bindparam("of")
)
_DELETE_EXPIRED = delete(job_tokens).where(job_tokens.c.expires_at <= bindparam("now"))


def add_actor(connection: Connection, row: dict[str, Any]) -> None:
    """Write an actor."""
    connection.execute(insert(actors), [row])


def actor(connection: Connection, actor_id: str) -> RowMapping | None:
    """The actor with this id."""
    return connection.execute(select(actors).where(actors.c.id == actor_id)).mappings().first()


def actor_named(connection: Connection, name: str) -> RowMapping | None:
    """The actor of this name, without regard to case."""
    query = select(actors).where(func.lower(actors.c.name) == name.lower())
    return connection.execute(query).mappings().first()


def list_actors(connection: Connection, *, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Actors by name, beginning after one."""
    query = select(actors).order_by(actors.c.name).limit(limit)
    if after is not None:
        query = query.where(actors.c.name > after)
    return connection.execute(query).mappings().all()


def delete_actor(connection: Connection, actor_id: str) -> None:
    """Remove an actor with its credentials and roles."""
    connection.execute(delete(actors).where(actors.c.id == actor_id))


def add_credential(connection: Connection, row: dict[str, Any]) -> None:
    """Write a hashed secret or token."""
    connection.execute(insert(credentials), [row])


def personal_token(connection: Connection, digest: str, now: datetime) -> RowMapping | None:
    """The personal token with this hash, unless it has expired."""
    query = select(credentials).where(
        credentials.c.digest == digest,
        credentials.c.kind == "token",
        or_(credentials.c.expires_at.is_(None), credentials.c.expires_at > now),
    )
    return connection.execute(query).mappings().first()


def list_credentials(connection: Connection, actor_id: str, *, kind: str) -> Sequence[RowMapping]:
    """An actor's credentials of one kind, oldest first."""
    query = select(credentials).where(credentials.c.actor_id == actor_id, credentials.c.kind == kind)
    return connection.execute(query.order_by(credentials.c.created_at, credentials.c.id)).mappings().all()


def delete_credential(connection: Connection, actor_id: str, credential_id: str) -> bool:
    """Remove one credential of an actor; whether it was there."""
    statement = delete(credentials).where(credentials.c.actor_id == actor_id, credentials.c.id == credential_id)
    return connection.execute(statement).rowcount > 0


def delete_credentials(connection: Connection, actor_id: str, *, kind: str) -> None:
    """Remove an actor's credentials of one kind."""
    connection.execute(delete(credentials).where(credentials.c.actor_id == actor_id, credentials.c.kind == kind))


def put_definition(connection: Connection, row: dict[str, Any]) -> None:
    """Write a custom role, or change it."""
    found = definition(connection, row["id"])
    if found is None:
        connection.execute(insert(role_definitions), [row])
        return
    changed = {key: value for key, value in row.items() if key not in {"id", "created_at", "created_by"}}
    connection.execute(update(role_definitions).where(role_definitions.c.id == row["id"]).values(**changed))


def definition(connection: Connection, role_id: str) -> RowMapping | None:
    """The custom role with this id."""
    return connection.execute(select(role_definitions).where(role_definitions.c.id == role_id)).mappings().first()


def definition_named(connection: Connection, name_key: str) -> RowMapping | None:
    """The custom role of this name, in lower case."""
    query = select(role_definitions).where(role_definitions.c.name_key == name_key)
    return connection.execute(query).mappings().first()


def list_definitions(connection: Connection) -> Sequence[RowMapping]:
    """Every custom role, by name."""
    return connection.execute(select(role_definitions).order_by(role_definitions.c.name_key)).mappings().all()


def delete_definition(connection: Connection, role_id: str) -> None:
    """Remove a custom role."""
    connection.execute(delete(role_definitions).where(role_definitions.c.id == role_id))


def holders(connection: Connection, role_id: str) -> Sequence[RowMapping]:
    """The assignments of a role."""
    return connection.execute(select(role_assignments).where(role_assignments.c.role == role_id)).mappings().all()


def add_assignment(connection: Connection, row: dict[str, Any]) -> None:
    """Write a role assignment."""
    connection.execute(insert(role_assignments), [row])


def assignment(connection: Connection, assignment_id: str) -> RowMapping | None:
    """The assignment with this id."""
    query = select(role_assignments).where(role_assignments.c.id == assignment_id)
    return connection.execute(query).mappings().first()


def same_assignment(connection: Connection, *, actor_id: str, role: str, scope_key: str) -> RowMapping | None:
    """An assignment that already says the same."""
    table = role_assignments.c
    query = select(role_assignments).where(table.actor_id == actor_id, table.role == role, table.scope_key == scope_key)
    return connection.execute(query).mappings().first()


def assignments_of(connection: Connection, actor_id: str) -> Sequence[RowMapping]:
    """Everything an actor was given."""
    query = select(role_assignments).where(role_assignments.c.actor_id == actor_id)
    return connection.execute(query.order_by(role_assignments.c.id)).mappings().all()


def list_assignments(connection: Connection) -> Sequence[RowMapping]:
    """Every assignment, oldest first."""
    query = select(role_assignments).order_by(role_assignments.c.created_at, role_assignments.c.id)
    return connection.execute(query).mappings().all()


def delete_assignment(connection: Connection, assignment_id: str) -> None:
    """Remove an assignment."""
    connection.execute(delete(role_assignments).where(role_assignments.c.id == assignment_id))


def delete_assignments_within(connection: Connection, scope_key: str) -> None:
    """Remove the role assignments at a scope and inside it."""
    table = role_assignments.c
    inside = table.scope_key.startswith(scope_key + "/", autoescape=True)
    connection.execute(delete(role_assignments).where(or_(table.scope_key == scope_key, inside)))


def count_root_holders(connection: Connection, role: str) -> int:
    """How many assignments of a role hold for the whole installation."""
    table = role_assignments.c
    query = select(func.count()).where(table.role == role, table.scope_key == "/")
    return int(connection.execute(query).scalar_one())


def root_holder(connection: Connection, role: str) -> RowMapping | None:
    """The first actor who was given a role for the whole installation."""
    table = role_assignments.c
    query = (
        select(actors)
        .join(role_assignments, table.actor_id == actors.c.id)
        .where(table.role == role, table.scope_key == "/")
        .order_by(table.created_at, table.id)
    )
    return connection.execute(query).mappings().first()


def add_job_token(connection: Connection, row: dict[str, Any]) -> None:
    """Write what a job's token opens."""
    connection.execute(insert(job_tokens), [row])


def job_token(connection: Connection, token_id: str, now: datetime) -> RowMapping | None:
    """What a job's token opens, unless it was revoked or has expired."""
    query = select(job_tokens).where(job_tokens.c.id == token_id, job_tokens.c.expires_at > now)
    return connection.execute(query).mappings().first()


def last_job_token_end(connection: Connection) -> datetime | None:
    """When the last token of a job ends."""
    found: datetime | None = connection.execute(select(func.max(job_tokens.c.expires_at))).scalar_one()
    return found


def delete_job_tokens(connection: Connection, workspace_id: str, job: str) -> None:
    """Revoke every token of a job."""
    connection.execute(_DELETE_JOB_TOKENS, {"workspace": workspace_id, "of": job})


def delete_tokens_of_workspace(connection: Connection, workspace_id: str) -> None:
    """Revoke every token of every job of a workspace."""
    connection.execute(delete(job_tokens).where(job_tokens.c.workspace_id == workspace_id))


def delete_expired_job_tokens(connection: Connection, now: datetime) -> None:
    """Remove the tokens that no longer open anything."""
    connection.execute(_DELETE_EXPIRED, {"now": now})
