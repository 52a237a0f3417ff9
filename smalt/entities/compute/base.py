"""What every compute has."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from smalt.entities.base import RESOURCE_NAME, Named
from smalt.entities.identity import ResourceIdentity
from smalt.entities.text import Text


class Compute(Named):
    """A compute; `type` says of what kind."""

    name_rule: ClassVar[re.Pattern[str]] = RESOURCE_NAME

    type: str
    location: Text | None = None
    resource_id: Text | None = None
    identity: ResourceIdentity | None = None
    created_on: Text | None = None
    modified_on: Text | None = None
    provisioning_state: Text | None = None
    provisioning_errors: list[Any] | None = None  # Any: kept as given
