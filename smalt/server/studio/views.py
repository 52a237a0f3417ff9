"""Saved views: what the list of jobs shows, under a name; of one person, or of everybody in a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table, delete, func, select

from smalt.errors import Conflict, InvalidRequest, NotFound
from smalt.server.database import Document, Moment, insert_or, metadata
from smalt.server.work import Work

_LONGEST_NAME = 100
_LARGEST_SEARCH = 4000
_MOST = 100

_views = Table(
    "saved_views",
    metadata,
    Column("workspace_id", String(64), nullable=False),
    Column("owner_id", String(64), nullable=False, comment="whose it is; empty when it is everybody's"),
    Column("name", String(_LONGEST_NAME), nullable=False),
    Column("search", Document, nullable=False, comment="the words of the page's address"),
    Column("changed_at", Moment, nullable=False),
    Column("changed_by", String(255), nullable=False),
    PrimaryKeyConstraint("workspace_id", "owner_id", "name"),
)


@dataclass(frozen=True, slots=True)
class View:
    """A view as stored. `owner_id` is empty when it is everybody's."""

    workspace_id: str
    owner_id: str
    name: str
    search: Mapping[str, str]
    changed_at: datetime
    changed_by: str


class ViewService:
    """Keeps them."""

    def all(self, work: Work, workspace_id: str) -> list[View]:
        """The caller's, then everybody's, by their names."""
        owners = (work.actor.id, "")
        query = select(_views).where(_views.c.workspace_id == workspace_id, _views.c.owner_id.in_(owners))
        found = [View(**row) for row in work.connection.execute(query).mappings()]
        return sorted(found, key=lambda view: (not view.owner_id, view.name.casefold(), view.name))

    def put(self, work: Work, workspace_id: str, name: str, search: object, *, is_shared: bool) -> View:
        """Keep a view, in place of one of this name.

        Raises:
            InvalidRequest: The name is too long, or the search is no mapping of short texts.
            Conflict: There are too many.
        """
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise InvalidRequest(f"The name has {len(name)} characters. Use 1 to {_LONGEST_NAME}.", target="name")
        owner = "" if is_shared else work.actor.id
        mine = (_views.c.workspace_id == workspace_id) & (_views.c.owner_id == owner)
        others = select(func.count()).where(mine, _views.c.name != name)
        if work.connection.execute(others).scalar_one() >= _MOST:
            raise Conflict(f"There are {_MOST} views already. Delete one that nobody needs.", target="name")
        view = View(workspace_id, owner, name, _texts(search), work.now, work.actor.name[:255])
        key = {"workspace_id": workspace_id, "owner_id": owner, "name": name}
        rest = {"search": dict(view.search), "changed_at": view.changed_at, "changed_by": view.changed_by}
        statement = insert_or(work.connection, _views).values(**key, **rest)
        work.connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=rest))
        return view

    def delete(self, work: Work, workspace_id: str, name: str, *, is_shared: bool) -> None:
        """Forget a view.

        Raises:
            NotFound: There is none of this name.
        """
        owner = "" if is_shared else work.actor.id
        meant = (_views.c.workspace_id == workspace_id) & (_views.c.owner_id == owner) & (_views.c.name == name)
        if not work.connection.execute(delete(_views).where(meant)).rowcount:
            whose = "that everybody sees" if is_shared else "of yours"
            raise NotFound(f"There is no view {name!r} {whose}. GET smalt/views lists them.", target="name")

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Forget all views of a workspace that never comes back."""
        work.connection.execute(delete(_views).where(_views.c.workspace_id == workspace_id))


def _texts(search: object) -> dict[str, str]:
    given = search if isinstance(search, dict) else None
    texts = {key: value for key, value in (given or {}).items() if isinstance(key, str) and isinstance(value, str)}
    if (
        given is None
        or len(texts) < len(given)
        or sum(len(key) + len(value) for key, value in texts.items()) > _LARGEST_SEARCH
    ):
        told = f"search is no mapping of texts to texts of at most {_LARGEST_SEARCH} characters. "
        raise InvalidRequest(f'{told}Write the words of the address, such as {{"status": "Failed"}}.', target="search")
    return texts
