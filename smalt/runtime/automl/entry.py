"""How a child of an AutoML job begins and fails: settings from its environment, failures told to its run."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from smalt.runtime.automl import written
from smalt.runtime.automl.failure import DataError

FAILURE = "automl.failure"
"""The tag of a run that says why its trial gave no model."""


def entered(main: Callable[[Mapping[str, Any]], None]) -> None:  # Any: JSON
    """Run the child; a failure is told in one sentence in its log and in its run."""
    settings = json.loads(os.environ["SMALT_AUTOML"])
    logging.basicConfig(level=_level(settings["log"]), stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    if settings["cores"] < 1:
        settings["cores"] = os.cpu_count() or 1
    try:
        main(settings)
    except DataError as failure:
        written.log(tags={FAILURE: str(failure)})
        sys.exit(str(failure))
    except Exception as failure:
        written.log(tags={FAILURE: f"{type(failure).__name__}: {failure}"})
        raise


def _level(word: str) -> int:
    # Libraries under debug would bury what the trial says.
    return max(
        getattr(logging, word.upper(), logging.INFO), logging.WARNING if word.lower() != "debug" else logging.INFO
    )
