"""Entities under names of the v2 SDK where one class here serves several of theirs."""

from __future__ import annotations

from smalt.entities.component import Component
from smalt.entities.connection import ConnectionCredentials
from smalt.entities.identity import IdentityType, JobIdentity
from smalt.entities.job.services import JobService
from smalt.entities.text import Text


class AmlTokenConfiguration(JobIdentity):
    """A job acts with its own token."""

    type: IdentityType = IdentityType.AML_TOKEN


class ManagedIdentityConfiguration(JobIdentity):
    """A job acts with the identity of its compute."""

    type: IdentityType = IdentityType.MANAGED


class UserIdentityConfiguration(JobIdentity):
    """A job acts with the rights of who submitted it."""

    type: IdentityType = IdentityType.USER


class CommandComponent(Component):
    """A step that runs a command."""

    type: Text = "command"


class PipelineComponent(Component):
    """A pipeline that is a step of others."""

    type: Text = "pipeline"


class ParallelComponent(Component):
    """A step that works on many small batches at once."""

    type: Text = "parallel"


class SshJobService(JobService):
    """SSH into a job."""

    type: Text | None = "ssh"


class JupyterLabJobService(JobService):
    """JupyterLab beside a job."""

    type: Text | None = "jupyter_lab"


class VsCodeJobService(JobService):
    """VS Code beside a job."""

    type: Text | None = "vs_code"


class TensorBoardJobService(JobService):
    """TensorBoard beside a job."""

    type: Text | None = "tensor_board"


class ApiKeyConfiguration(ConnectionCredentials):
    """A connection opened by a key."""

    type: Text = "api_key"


class PatTokenConfiguration(ConnectionCredentials):
    """A connection opened by a personal access token."""

    type: Text = "pat"


class UsernamePasswordConfiguration(ConnectionCredentials):
    """A connection opened by a name and a password."""

    type: Text = "username_password"


class AccessKeyConfiguration(ConnectionCredentials):
    """A connection opened by an access key and its secret."""

    type: Text = "access_key"
