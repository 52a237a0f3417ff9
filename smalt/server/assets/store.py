"""Every query on versioned assets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from smalt.server.assets.tables import containers, versions
from smalt.server.database import insert_or
from smalt.server.work import Work

_Text = str | BindParameter[str]


def _asset(table: Any, owner: _Text, kind: _Text, name: _Text) -> ColumnElement[bool]:  # Any: either table
    return and_(table.c.owner == owner, table.c.kind == kind, table.c.name == name)


# The query of every reference is put together once: building one costs more than running it.
_VERSION = select(versions).where(
    _asset(versions, bindparam("of"), bindparam("sort"), bindparam("called")), versions.c.version == bindparam("number")
)


def container(work: Work, owner: str, kind: str, name: str) -> RowMapping | None:
    """One container."""
    query = select(containers).where(_asset(containers, owner, kind, name))
    return work.connection.execute(query).mappings().first()


def lock_container(work: Work, owner: str, kind: str, name: str, values: dict[str, Any]) -> RowMapping:
    """One container, made when new, and held against other writers until the transaction ends."""
    fresh = insert_or(work.connection, containers).values(owner=owner, kind=kind, name=name, **values)
    work.connection.execute(fresh.on_conflict_do_nothing())
    query = select(containers).where(_asset(containers, owner, kind, name)).with_for_update()
    return work.connection.execute(query).mappings().one()


def change_container(work: Work, owner: str, kind: str, name: str, values: dict[str, Any]) -> None:
    """Store new values."""
    work.connection.execute(update(containers).where(_asset(containers, owner, kind, name)).values(**values))


def list_containers(
    work: Work, owner: str, kind: str, *, archived: bool | None, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Containers by name, without those that hold only anonymous versions."""
    query = select(containers).where(
        containers.c.owner == owner, containers.c.kind == kind, containers.c.is_anonymous.is_(False)
    )
    if archived is not None:
        query = query.where(containers.c.is_archived.is_(archived))
    if after is not None:
        query = query.where(containers.c.name > after)
    return work.connection.execute(query.order_by(containers.c.name).limit(limit)).mappings().all()


def version(work: Work, owner: str, kind: str, name: str, version: str) -> RowMapping | None:
    """One version."""
    named = {"of": owner, "sort": kind, "called": name, "number": version}
    return work.connection.execute(_VERSION, named).mappings().first()


def held_version(work: Work, owner: str, kind: str, name: str, version: str) -> RowMapping | None:
    """One version, held against other writers until the transaction ends."""
    query = select(versions).where(_asset(versions, owner, kind, name), versions.c.version == version)
    return work.connection.execute(query.with_for_update()).mappings().first()


def latest(work: Work, owner: str, kind: str, name: str) -> RowMapping | None:
    """The newest version that is not archived; of an archived asset the newest of all."""
    query = select(versions).where(_asset(versions, owner, kind, name))
    query = query.order_by(versions.c.is_archived, versions.c.created_at.desc(), versions.c.version.desc()).limit(1)
    return work.connection.execute(query).mappings().first()


def latest_versions(work: Work, owner: str, kind: str, names: Sequence[str]) -> dict[str, str]:
    """The newest version of each of these assets."""
    newest = (
        select(versions.c.name, func.max(versions.c.created_at).label("at"))
        .where(versions.c.owner == owner, versions.c.kind == kind, versions.c.name.in_(names))
        .where(versions.c.is_archived.is_(False))
        .group_by(versions.c.name)
        .subquery()
    )
    query = select(versions.c.name, func.max(versions.c.version)).join(
        newest, and_(versions.c.name == newest.c.name, versions.c.created_at == newest.c.at)
    )
    query = query.where(versions.c.owner == owner, versions.c.kind == kind).group_by(versions.c.name)
    return {row[0]: row[1] for row in work.connection.execute(query)}


def list_versions(
    work: Work,
    owner: str,
    kind: str,
    name: str | None,
    *,
    archived: bool | None,
    newest_first: bool,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Versions in the order they were made; `after` is the (time, name, version) of the last one seen."""
    query: Select[Any] = select(versions).where(versions.c.owner == owner, versions.c.kind == kind)
    if name is not None:
        query = query.where(versions.c.name == name)
    if archived is not None:
        query = query.where(versions.c.is_archived.is_(archived))
    at, key, number = versions.c.created_at, versions.c.name, versions.c.version
    if after is not None:
        query = query.where(_behind(after, newest_first=newest_first))
    order = (at.desc(), key.desc(), number.desc()) if newest_first else (at, key, number)
    return work.connection.execute(query.order_by(*order).limit(limit)).mappings().all()


def _behind(after: tuple[datetime, str, str], *, newest_first: bool) -> ColumnElement[bool]:
    moment, name, number = after
    at, key, version_ = versions.c.created_at, versions.c.name, versions.c.version
    if newest_first:
        return or_(at < moment, and_(at == moment, or_(key < name, and_(key == name, version_ < number))))
    return or_(at > moment, and_(at == moment, or_(key > name, and_(key == name, version_ > number))))


def by_hash(work: Work, owner: str, kind: str, code_hash: str) -> Sequence[RowMapping]:
    """Versions with this content, whatever their name."""
    query = select(versions).where(
        versions.c.owner == owner, versions.c.kind == kind, versions.c.code_hash == code_hash
    )
    return work.connection.execute(query.order_by(versions.c.created_at.desc()).limit(10)).mappings().all()


def by_job(work: Work, owner: str, job_name: str) -> Sequence[RowMapping]:
    """Versions that a job has made."""
    query = select(versions).where(versions.c.owner == owner, versions.c.job_name == job_name)
    return work.connection.execute(query.order_by(versions.c.created_at)).mappings().all()


def add_version(work: Work, values: dict[str, Any]) -> None:
    """Insert a version."""
    work.connection.execute(insert(versions).values(**values))


def change_version(work: Work, owner: str, kind: str, name: str, version: str, values: dict[str, Any]) -> None:
    """Store new values."""
    where = and_(_asset(versions, owner, kind, name), versions.c.version == version)
    work.connection.execute(update(versions).where(where).values(**values))


def delete_version(work: Work, owner: str, kind: str, name: str, version: str) -> bool:
    """Whether there was one."""
    where = and_(_asset(versions, owner, kind, name), versions.c.version == version)
    return work.connection.execute(delete(versions).where(where)).rowcount > 0


def delete_container(work: Work, owner: str, kind: str, name: str) -> bool:
    """Whether there was one; its versions go with it."""
    work.connection.execute(delete(versions).where(_asset(versions, owner, kind, name)))
    return work.connection.execute(delete(containers).where(_asset(containers, owner, kind, name))).rowcount > 0


def delete_all(work: Work, owner: str) -> None:
    """Remove every asset of an owner."""
    for table in (versions, containers):
        work.connection.execute(delete(table).where(table.c.owner == owner))
