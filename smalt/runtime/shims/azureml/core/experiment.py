"""The experiment a run belongs to."""

from __future__ import annotations

import os

from .workspace import Workspace


class Experiment:
    """A name in a workspace."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name

    @classmethod
    def of_job(cls) -> Experiment:
        """The experiment of the running job."""
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or os.environ.get("AZUREML_ARM_PROJECT_NAME") or "Default"
        return cls(Workspace(), name)

    def __repr__(self) -> str:
        return f"Experiment(name={self.name!r})"
