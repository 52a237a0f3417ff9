"""What can be done with connections, and the rule that their secrets leave only by the door made for that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from smalt.entities.connection import Connection
from smalt.errors import Forbidden, NotFound
from smalt.server.connections.tables import connections
from smalt.server.http import Page
from smalt.server.identity import allows, full_action
from smalt.server.records import Record, Records
from smalt.server.vault import Unsealable, Vault
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

SECRETS_OF_CONNECTIONS = "workspaces/connections/listsecrets/action"
"""What a caller must be allowed to see secrets of connections."""


class ConnectionService:
    """Connections of workspaces."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._records = Records(connections)

    def put(self, work: Work, workspace: WorkspaceRecord, connection: Connection) -> Record:
        """Create or replace."""
        assert connection.name is not None
        whole = msgspec.json.encode(connection.document(secrets=True)).decode()
        sealed = self._vault.seal(whole, context=_context(workspace.id, connection.name))
        document = connection.document(secrets=False)
        return self._records.put(work, workspace.id, connection.name, document, sealed=sealed)[0]

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> Record:
        """The record without secrets.

        Raises:
            NotFound: There is no connection of this name.
        """
        found = self._records.find(work, workspace.id, name)
        if found is None:
            raise NotFound(f"No connection {name!r} in workspace {workspace.name!r}. See `smalt connection list`.")
        return found

    def with_secrets(self, workspace: WorkspaceRecord, record: Record) -> Connection:
        """The whole connection; callers must hold `SECRETS_OF_CONNECTIONS`."""
        assert record.sealed is not None
        whole: Mapping[str, Any] = msgspec.json.decode(
            self._vault.open(record.sealed, context=_context(workspace.id, record.name))
        )
        return Connection.parse(whole)

    def shown(self, workspace: WorkspaceRecord, record: Record) -> Connection:
        """The connection for spellings that leave secrets out; without them where they do not open any more."""
        try:
            return self.with_secrets(workspace, record)
        except Unsealable:
            return Connection.parse(record.document)

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None) -> Page[Record]:
        """Connections in the order of their names."""
        return self._records.page(work, workspace.id, after=after)

    def names(self, work: Work, workspace: WorkspaceRecord) -> list[str]:
        """The names of all connections."""
        found: list[str] = []
        after: str | None = None
        while True:
            page = self.page(work, workspace, after=after)
            found += [record.name for record in page.items]
            if page.after is None:
                return found
            after = page.after

    def named(self, work: Work, workspace: WorkspaceRecord, words: Collection[str]) -> list[str]:
        """Those of the connections whose names are among some words; whoever asks will be given their secrets.

        Raises:
            Forbidden: The caller may not see those secrets.
        """
        found = [name for name in self.names(work, workspace) if name in words]
        if found and not allows(work.actor, SECRETS_OF_CONNECTIONS, workspace.scope):
            raise Forbidden(
                f"It uses the connections {', '.join(found)}, whose secrets you may not see. Ask somebody with "
                f"the action {full_action(SECRETS_OF_CONNECTIONS)} to submit it, or to give you a role with it."
            )
        return found

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Whether there was one."""
        return self._records.delete(work, workspace.id, name)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every connection of a workspace."""
        self._records.delete_all(work, workspace_id)

    def reseal(self, work: Work, fresh: Vault) -> int:
        """Seal every secret with another vault; how many there were."""

        def renewed(record: Record) -> str:
            context = _context(record.owner, record.name)
            return fresh.seal(self._vault.open(record.sealed or "", context=context), context=context)

        return self._records.reseal(work, renewed)


def _context(owner: str, name: str) -> str:
    return f"connection/{owner}/{name.lower()}"
