"""Changes the keys of an installation while no server runs: whatever instant it is cut off at, nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from smalt.errors import NotFound
from smalt.server.alone import alone
from smalt.server.assets import DatastoreService
from smalt.server.compute import ComputeService
from smalt.server.connections import ConnectionService
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.identity import IdentityService, SigningKey
from smalt.server.serving import reseal_keys
from smalt.server.settings import SIGNING_KEY, VAULT_KEY, Settings
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM, Work, Works


@dataclass(frozen=True)
class Rotated:
    """What was changed.

    Args:
        secrets: How many were sealed with the new key; None when the vault's key stays.
        tokens_until: Until when tokens of the earlier signing key are valid; None when the signing key stays.
    """

    secrets: int | None
    tokens_until: datetime | None


def rotate(settings: Settings, *, vault: bool = True, signing: bool = True, end_tokens: bool = False) -> Rotated:
    """Put new keys in the place of the present ones.

    Args:
        settings: Home folder and database.
        vault: Change the key of secrets at rest.
        signing: Change the key that signs tokens.
        end_tokens: End every signed token, those of running jobs as well, instead of letting it expire.

    Raises:
        Conflict: A server runs in the home folder.
        NotFound: No server has run there yet.
    """
    if not (settings.home / VAULT_KEY).exists():
        raise NotFound(f"There are no keys in {settings.home}. A server makes them when it first starts: smalt up")
    with alone(settings.home):
        database = Database(settings.database)
        try:
            database.prepare()
            works = Works(database, Events())
            ended = _change_signing(works, settings.home, end_tokens=end_tokens) if signing else None
            sealed = _change_vault(works, settings.home) if vault else None
        finally:
            database.close()
    return Rotated(sealed, ended)


def _change_signing(works: Works, home: Path, *, end_tokens: bool) -> datetime:
    path = home / SIGNING_KEY
    with works.read(SYSTEM) as work:
        until = work.now if end_tokens else IdentityService(SigningKey.at(path)).last_end(work)
        SigningKey.rotate(path, now=work.now, until=until)
    return until


def _change_vault(works: Works, home: Path) -> int:
    path = home / VAULT_KEY
    # From here on a server would open what either key has sealed.
    fresh = Vault.following(path)
    with works.write(SYSTEM) as work:
        count = reseal(work, Vault.at(path), fresh, home)
    # The present key goes with `advance`: what the new one has sealed must survive a power cut before that.
    works.database.settle()
    Vault.advance(path)
    return count


def reseal(work: Work, vault: Vault, fresh: Vault, home: Path) -> int:
    """Seal every secret of the installation with another vault; how many there were."""
    holders = (DatastoreService(vault, home), ConnectionService(vault), ComputeService(vault))
    return sum(holder.reseal(work, fresh) for holder in holders) + reseal_keys(work, vault, fresh)
