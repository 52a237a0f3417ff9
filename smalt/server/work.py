"""One unit of work: a transaction, who asked for it, when, and what to tell the others once it is committed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar, cast

from sqlalchemy import Connection

from smalt.kit import clock, ids
from smalt.server.database import Database, Rows, Statement, execute
from smalt.server.events import Event, Events

T = TypeVar("T")


class ActorKind(StrEnum):
    """What sort of caller it is, in the words ARM uses for `createdByType`."""

    USER = "User"
    APPLICATION = "Application"
    JOB = "ManagedIdentity"
    SYSTEM = "Key"
    NOBODY = "Nobody"


@dataclass(frozen=True, slots=True)
class Permission:
    """A role at a scope: actions with wildcards, less the ones taken away again."""

    scope: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobGrant:
    """All that a running job's token opens. An instance of a deployment has one as well, which takes its traces.

    Args:
        job: The job's name, which is its run id; for an instance see `name_of_instance`.
        workspace_id: The workspace it runs in.
        readable: Prefixes `container/key` it may read.
        writable: Prefixes `container/key` it may read and write.
        root: The job at the top of its family, such as the pipeline it is a step of. It may read the runs of that
            family, which one person has submitted together.
        connections: Connections of the workspace whose secrets it may read.
    """

    job: str
    workspace_id: str
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    root: str | None = None
    connections: tuple[str, ...] = ()

    @staticmethod
    def name_of_instance(endpoint: str, deployment: str) -> str:
        """What stands in the place of the job's name for instances of a deployment; no job is called so."""
        return f"{endpoint}/{deployment}"

    @property
    def deployment(self) -> tuple[str, str] | None:
        """Endpoint and deployment, when an instance has the token."""
        endpoint, slash, deployment = self.job.partition("/")
        return (endpoint, deployment) if slash else None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person, a service principal, a running job, or the server itself."""

    id: str
    name: str
    kind: ActorKind
    permissions: tuple[Permission, ...] = ()
    grant: JobGrant | None = None


SYSTEM = Actor(id="system", name="smalt", kind=ActorKind.SYSTEM)
"""The server's own loops."""

NOBODY = Actor(id="", name="anonymous", kind=ActorKind.NOBODY)
"""A caller on a public route."""


class MustWait(Exception):
    """What was to be promised needs the database. Nothing was done; do it in a transaction."""


class _Nothing:
    """The connection of a work that is promised."""

    def __getattr__(self, name: str) -> NoReturn:
        raise MustWait


_NOTHING = cast(Connection, _Nothing())


@dataclass(slots=True)
class Work:
    """What a service method is given: everything that would otherwise be global.

    Services read the clock from `now`, the caller from `actor`, and run their queries on `connection`. They never
    commit: the edge that opened the work does.
    """

    connection: Connection
    actor: Actor
    now: datetime
    correlation: str
    _events: list[Event] = field(default_factory=list)
    _after: list[Callable[[], None]] = field(default_factory=list)
    _seen: dict[Hashable, Any] = field(default_factory=dict)
    _told: dict[str, Any] = field(default_factory=dict)
    _known: dict[Hashable, Any] = field(default_factory=dict)
    _promised: list[Statement] | None = None

    @property
    def told(self) -> Mapping[str, Any]:  # Any: JSON
        """What the audit trail is told besides who did what."""
        return self._told

    def tell(self, **facts: Any) -> None:  # Any: JSON
        """Have facts kept in the audit trail, such as a setting before and after; never a secret."""
        self._told |= facts

    def publish(self, event: Event) -> None:
        """Tell the slices above, once this work is committed."""
        self._events.append(event)

    def once(self, key: Hashable, look: Callable[[], T]) -> T:
        """What `look` finds, looked up once in this work: for what many parts of it ask, such as a datastore."""
        if key not in self._seen:
            self._seen[key] = look()
        found: T = self._seen[key]
        return found

    def recall(self, key: Hashable, look: Callable[[], T]) -> T:
        """What `look` finds, for works that are promised: they have it from the write before, when nobody wrote since.

        Only of what this work does not change.

        Raises:
            MustWait: This work is promised, and it has to be looked up.
        """
        if self._promised is None:
            self._known[key] = look()
        elif key not in self._known:
            raise MustWait
        found: T = self._known[key]
        return found

    def put(self, statement: str, rows: Rows) -> None:
        """Run a statement with `?` for its parameters for some rows; one that cannot fail, if this work is promised."""
        if self._promised is None:
            execute(self.connection, statement, rows if isinstance(rows, list) else list(rows))
        else:
            self._promised.append((statement, rows))

    def forget(self, key: Hashable) -> None:
        """Look again, since this work has changed it."""
        self._seen.pop(key, None)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something outside the database once this work is committed, e.g. delete a file."""
        self._after.append(action)


class Works:
    """Opens units of work."""

    def __init__(self, database: Database, events: Events) -> None:
        self.database = database
        self._bus = events

    @contextmanager
    def read(self, actor: Actor, *, correlation: str | None = None) -> Iterator[Work]:
        """A work that looks and changes nothing."""
        with self.database.read() as connection:
            yield Work(connection, actor, clock.now(), correlation or ids.guid())

    @contextmanager
    def write(self, actor: Actor, *, correlation: str | None = None) -> Iterator[Work]:
        """A work that is committed when the block ends; its events and actions follow, in order."""
        with self.database.write() as connection:
            work = Work(connection, actor, clock.now(), correlation or ids.guid(), _known=self.database.known)
            yield work
        self._follow(work)

    @contextmanager
    def promise(self, actor: Actor) -> Iterator[Work | None]:
        """A work whose writes (`put`) are done before anything else, whatever is killed; None where that takes a wait.

        It may look at nothing but what the write before has found (`recall`).

        Raises:
            MustWait: In the block: it needs the database. At its end: the writes could not be kept. Nothing was done.
        """
        try:
            with self.database.promise() as promised:
                work = None
                if promised is not None:
                    known = self.database.known
                    work = Work(_NOTHING, actor, clock.now(), ids.guid(), _known=known, _promised=promised)
                yield work
        except OSError as error:
            raise MustWait from error
        if work is not None:
            self._follow(work)

    @contextmanager
    def write_at_once(self, actor: Actor) -> Iterator[Work | None]:
        """As `write`, for who must not wait; None where that takes a wait."""
        with self.database.write_at_once() as connection:
            work = None
            if connection is not None:
                work = Work(connection, actor, clock.now(), ids.guid(), _known=self.database.known)
            yield work
        if work is not None:
            self._follow(work)

    def _follow(self, work: Work) -> None:
        for action in work._after:
            action()
        self._bus.deliver(work._events)
