"""One place that says what a job asked for and does not get to the letter, and whether that is a loss."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from smalt.entities.base import unknown_fields
from smalt.entities.identity import IdentityType
from smalt.entities.job.command import CommandJob
from smalt.errors import Unsupported

_GPU_SIZE = re.compile(r"standard_n[cdv]\d*", re.IGNORECASE)
_GPU_DEVICE = Path("/dev/nvidia0")


@dataclass(frozen=True, slots=True)
class Remark:
    """A line for the top of the log. A loss means that the job may behave differently for it."""

    text: str
    is_loss: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine has; or the cluster whose machines a job runs on instead."""

    cores: int
    has_gpu: bool
    cluster: str | None = None

    @classmethod
    def here(cls) -> Machine:
        """This one."""
        return cls(cores=os.cpu_count() or 1, has_gpu=_GPU_DEVICE.exists())


def remarks(
    job: CommandJob, *, machine: Machine, in_container: bool = False, bounded: Collection[str] = ()
) -> list[Remark]:
    """What of a job is not honoured, or in another way than its author may expect.

    Args:
        job: The job.
        machine: Where it runs.
        in_container: Whether it has a container.
        bounded: Of `cpu` and `memory`, what that is kept to.
    """
    return [*_of_resources(job, machine, in_container=in_container, bounded=bounded), *_of_the_rest(job)]


def check(found: list[Remark], *, strict: bool) -> None:
    """Refuse what would be lost, where the operator wants it so.

    Raises:
        Unsupported: The server is strict and something would be lost.
    """
    losses = [remark.text for remark in found if remark.is_loss]
    if strict and losses:
        raise Unsupported(f"{' '.join(losses)} This server is strict and refuses such jobs; leave that out.")


def _of_resources(
    job: CommandJob, machine: Machine, *, in_container: bool, bounded: Collection[str]
) -> Iterator[Remark]:
    resources = job.resources
    if resources is None:
        return
    sizes = resources.instance_type if isinstance(resources.instance_type, list) else [resources.instance_type]
    for size in filter(None, sizes):
        if machine.cluster is not None:
            yield Remark(f"Instance type {size} is not chosen; the job runs on nodes of {machine.cluster!r}.")
        elif _GPU_SIZE.match(size) and not machine.has_gpu:
            yield Remark(f"Instance type {size} has GPUs; this machine has none. The job runs on CPU.", is_loss=True)
        else:
            yield Remark(f"Instance type {size} is not chosen; the job runs on this machine ({machine.cores} cores).")
    if (resources.instance_count or 1) > 1 and machine.cluster is None:
        yield Remark(f"All {resources.instance_count} instances are processes of this machine.")
    if resources.shm_size and not in_container:
        yield Remark(f"shm_size {resources.shm_size} is not set; processes share the memory of this machine.")
    if resources.docker_args and not in_container:
        yield Remark(f"docker_args {resources.docker_args!r} have no effect; there is no container.", is_loss=True)
    for name in () if machine.cluster is not None else ("cpu", "memory", "gpu"):
        value = getattr(resources, name)
        if value and name not in bounded:
            why = "; the container engine cannot bound it here" if in_container and name != "gpu" else ""
            yield Remark(f"The {name} request of {value} is noted and not enforced{why}.")
    if resources.locations:
        yield Remark(f"Locations {', '.join(resources.locations)} are not chosen; there is one machine.")
    if resources.max_instance_count:
        yield Remark("max_instance_count has no effect; the number of instances does not change while a job runs.")


def _of_the_rest(job: CommandJob) -> Iterator[Remark]:
    if job.identity is not None and job.identity.type is not IdentityType.AML_TOKEN:
        yield Remark(
            f"Identity {job.identity.type.value} is not available; the job acts with its own token, which opens its "
            "run, its inputs and its outputs.",
            is_loss=True,
        )
    if job.queue_settings is not None and job.queue_settings.job_tier:
        yield Remark(f"The tier {job.queue_settings.job_tier!r} has no effect; machines are not chosen by it.")
    for name, service in job.services.items():
        if name not in {"Studio", "Tracking"}:
            yield Remark(f"Service {name!r} ({service.type or 'custom'}) is not started.", is_loss=True)
    if job.notification_setting:
        yield Remark("Notifications are not sent.", is_loss=True)
    for doubt in unknown_fields(job):
        yield Remark(f"{doubt.path}: {doubt.message}")
