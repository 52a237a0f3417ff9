"""What calls of models cost: by the list that flows use, and the installation's own table."""

from __future__ import annotations

import logging
from pathlib import Path

from smalt.errors import InvalidRequest
from smalt.flows.providers import Tokens
from smalt.flows.providers.prices import cost

_log = logging.getLogger(__name__)


class Prices:
    """The prices of an installation.

    Args:
        table: `{"model": {"prompt": 0.15, "completion": 0.6}}`, in dollars per million tokens; read again when changed.
    """

    def __init__(self, table: Path) -> None:
        self._table = table
        self._complaint = ""

    def __call__(self, model: str, tokens: Tokens) -> float | None:
        """US dollars, or None where nobody knows. A table that cannot be read is told to the log and costs no spans."""
        try:
            return cost(model, tokens, self._table)
        except InvalidRequest as error:
            if error.message != self._complaint:
                self._complaint = error.message
                _log.warning("%s", error.message)
            return None
