"""A notebook of the workspace as a job: what stands beside it is copied first, so that the job keeps what it ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smalt.entities.job.command import CommandJob
from smalt.entities.job.notebook import command_of
from smalt.errors import InvalidRequest
from smalt.kit import ids
from smalt.server.assets import DEFAULT, Containers, blob_container
from smalt.server.jobs import JobRecord, Submission
from smalt.server.notebooks.files import FileService
from smalt.server.notebooks.kernel import with_kernel
from smalt.server.notebooks.sessions import ENVIRONMENT, experiment_of
from smalt.server.notebooks.tree import checked
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

NOTEBOOK = "smalt.notebookPath"
"""The property of a job that names the file which it ran."""

_ROOT = "notebooks"


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that is asked for.

    Args:
        path: A notebook, or a script of Python or shell: among the files of the workspace, or in `code`.
        inputs: Of the job; to a notebook they are its parameters.
        fields: More of a job: environment, compute, names, tags, its place in line.
        code: A code asset that the file is in, where it is not among the files of the workspace.
    """

    path: str
    inputs: Mapping[str, Any] = field(default_factory=dict)  # Any: inputs of a job
    fields: Mapping[str, Any] = field(default_factory=dict)  # Any: fields of a job
    code: str | None = None


class NotebookRuns:
    """Submits notebooks and scripts.

    Args:
        files: Where they are.
        containers: Where the copies go.
        submission: Accepts their jobs.
    """

    def __init__(self, files: FileService, containers: Containers, submission: Submission) -> None:
        self._files = files
        self._containers = containers
        self._submission = submission

    def submit(self, work: Work, workspace: WorkspaceRecord, asked: Asked) -> JobRecord:
        """Submit a file as a job.

        Raises:
            FileMissing: There is no such file.
            InvalidPath: Its folder is too much to be copied.
            ValidationFailed: Something else is wrong.
        """
        job = self.job(work, workspace, asked)
        name = ids.readable()
        draft = self._submission.draft(work, workspace, name, job)
        if asked.path.endswith(".ipynb"):
            draft = with_kernel(draft)
        return self._submission.accept(work, workspace, name, draft)

    def job(self, work: Work, workspace: WorkspaceRecord, asked: Asked) -> CommandJob:
        """The job that a file becomes, with a copy of its folder as its code; a schedule may submit it again.

        Raises:
            FileMissing: There is no such file.
            InvalidPath: Its folder is too much to be copied.
        """
        folder, _, name = checked(asked.path).rpartition("/")
        if asked.code is None and self._files.tree(workspace).get(asked.path).is_folder:
            raise InvalidRequest(f"{asked.path!r} is a folder. Name a notebook or a script in it.", target="path")
        return CommandJob.parse(
            {
                "display_name": name,
                "experiment_name": experiment_of(name),
                "environment": ENVIRONMENT,
                **asked.fields,
                "inputs": dict(asked.inputs),
                "command": command_of(asked.path if asked.code else name, asked.inputs),
                "code": asked.code or self._copy(workspace, folder),
                "properties": {NOTEBOOK: asked.path},
            }
        )

    def _copy(self, workspace: WorkspaceRecord, folder: str) -> str:
        """A copy of a folder that nobody changes; the reference to it."""
        store = self._containers.store(workspace.id, blob_container(workspace.id))
        key = f"{_ROOT}/{ids.opaque()}"
        for path, content in self._files.contents(workspace, folder):
            if not _is_aside(path):
                store.write(f"{key}/{path}", [content])
        return f"azureml://datastores/{DEFAULT}/paths/{key}"


def _is_aside(path: str) -> bool:
    """Whether a file belongs to a tool and not to the work."""
    return any(part in (".git", ".ipynb_checkpoints", "__pycache__", ".azureml") for part in path.split("/"))
