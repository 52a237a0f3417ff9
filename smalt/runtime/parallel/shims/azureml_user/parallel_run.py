"""`EntryScript`: the logger of a script, whose lines are kept apart for each worker."""

from __future__ import annotations

import logging
import os

LOGGER_NAME = "azureml_user.parallel_run"


class EntryScript:
    """The running entry script; every instance is the same one."""

    _only: EntryScript | None = None

    def __new__(cls) -> EntryScript:
        """The one instance."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    @property
    def logger(self) -> logging.Logger:
        """Writes to `logs/user/entry_script_log/` of the job."""
        return logging.getLogger(LOGGER_NAME)

    @property
    def working_dir(self) -> str:
        """The folder of the code."""
        return os.getcwd()
