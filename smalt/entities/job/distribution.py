"""How the processes of one job find each other."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity
from smalt.entities.text import Text, normal_form


class Mpi(Entity):
    """Processes started by an MPI launcher."""

    type: Literal["mpi"] = "mpi"
    process_count_per_instance: int | None = None


class PyTorch(Entity):
    """Processes that meet by MASTER_ADDR and RANK."""

    type: Literal["pytorch"] = "pytorch"
    process_count_per_instance: int | None = None


class TensorFlow(Entity):
    """Workers and parameter servers that meet by TF_CONFIG."""

    type: Literal["tensorflow"] = "tensorflow"
    parameter_server_count: int | None = None
    worker_count: int | None = None


class Ray(Entity):
    """A Ray cluster inside the job."""

    type: Literal["ray"] = "ray"
    port: int | None = None
    address: Text | None = None
    include_dashboard: bool | None = None
    dashboard_port: int | None = None
    head_node_additional_args: Text | None = None
    worker_node_additional_args: Text | None = None


def _type(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        return {**value, "type": normal_form(value["type"])}
    return value


Distribution = Annotated[
    Annotated[Mpi | PyTorch | TensorFlow | Ray, Field(discriminator="type")], BeforeValidator(_type)
]
