"""Which processes of a job run on this machine, and what each of them is told about the others."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_HOST = "127.0.0.1"
_LOG = "user_logs/std_log"


class Process:
    """One process of a job.

    Args:
        rank: Its number; 0 is the head.
        log: Its log file, relative to the artifact root.
        variables: What it is told through its environment.
        wrap: Turns the user's command into what the shell runs.
        node: The node it runs on.
    """

    def __init__(
        self,
        rank: int,
        *,
        log: str,
        variables: Mapping[str, str],
        wrap: Callable[[str], str] = lambda text: text,
        node: int = 0,
    ) -> None:
        self.rank = rank
        self.node = node
        self.log = log
        self.variables = dict(variables)
        self.wrap = wrap


class Nodes:
    """The nodes of a job, and ports that are free on them. Without a placement this machine stands for each."""

    def __init__(
        self, count: int, placement: Mapping[str, Any] | None, *, free_ports: Callable[[int], list[int]]
    ) -> None:
        self.count = count
        self.here = None if placement is None else placement["node"]
        self.hosts = [_HOST] * count if placement is None else list(placement["hosts"])
        self._ports = None if placement is None else placement["ports"]
        self._free_ports = free_ports

    def meeting_port(self) -> int:
        """A port of the head."""
        if self._ports is None:
            return self._free_ports(1)[0]
        return int(self._ports[0][0])

    def task_addresses(self, count: int) -> list[str]:
        """An address for each of so many tasks, dealt out to the nodes in turn."""
        if self._ports is None:
            return [f"{_HOST}:{port}" for port in self._free_ports(count)]
        return [
            f"{self.hosts[task % self.count]}:{self._ports[task % self.count][task // self.count]}"
            for task in range(count)
        ]


def processes(plan: Mapping[str, Any], *, mpirun: str | None, free_ports: Callable[[int], list[int]]) -> list[Process]:
    """The processes of a job that run here, head first.

    Args:
        plan: The job's plan.
        mpirun: The launcher on the job's path, if there is one.
        free_ports: Finds that many free ports.
    """
    nodes = Nodes(max(1, plan["instance_count"]), plan["placement"], free_ports=free_ports)
    # The launcher reaches other machines by SSH only, which nobody has set up for jobs.
    found = _processes(plan["distribution"], nodes, mpirun if nodes.here is None else None)
    return [process for process in found if nodes.here in (None, process.node)]


def ports_per_node(plan: Mapping[str, Any]) -> int:
    """How many free ports a placement must offer on each node."""
    distribution, nodes = plan["distribution"], max(1, plan["instance_count"])
    tasks = (distribution["worker_count"] or nodes) + (distribution["parameter_server_count"] or 0)
    return int(-(-tasks // nodes))


def _processes(distribution: Mapping[str, Any], nodes: Nodes, mpirun: str | None) -> list[Process]:
    kind = distribution["kind"]
    per_node = max(1, distribution["processes_per_instance"] or 1)
    if kind == "tensorflow":
        return _tensorflow(distribution, nodes)
    if kind == "ray":
        return _ray(nodes)
    if kind == "none":
        per_node = 1
    if kind == "mpi" and mpirun and nodes.count * per_node > 1:
        return [_mpirun(mpirun, nodes=nodes, per_node=per_node)]
    shared = _shared(nodes)
    if kind in ("pytorch", "mpi"):
        shared.update(MASTER_ADDR=nodes.hosts[0], MASTER_PORT=str(nodes.meeting_port()))
    if kind == "mpi":
        shared.update(_mpi_masters(nodes))
    told = {"pytorch": _told_pytorch, "mpi": _told_mpi, "none": _told_nothing}[kind]
    world = nodes.count * per_node
    return [
        Process(
            rank,
            log=_log_name(rank, world),
            variables={**shared, **_node(rank // per_node, rank), **told(rank, per_node=per_node, world=world)},
            node=rank // per_node,
        )
        for rank in range(world)
    ]


def _shared(nodes: Nodes) -> dict[str, str]:
    return {"AZ_BATCH_HOST_LIST": ",".join(nodes.hosts)}


def _node(node: int, rank: int) -> dict[str, str]:
    return {"AZUREML_CR_NODE_RANK": str(node), "NODE_RANK": str(node), "AZUREML_PROCESS_NAME": f"rank_{rank}"}


def _log_name(rank: int, world: int, suffix: str = "") -> str:
    return f"{_LOG}.txt" if world == 1 else f"{_LOG}_process_{rank}{suffix}.txt"


def _told_nothing(rank: int, *, per_node: int, world: int) -> dict[str, str]:
    return {}


def _told_pytorch(rank: int, *, per_node: int, world: int) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank % per_node),
        "WORLD_SIZE": str(world),
        "LOCAL_WORLD_SIZE": str(per_node),
    }


def _told_mpi(rank: int, *, per_node: int, world: int) -> dict[str, str]:
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(world),
        "OMPI_COMM_WORLD_LOCAL_RANK": str(rank % per_node),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(per_node),
        "OMPI_COMM_WORLD_NODE_RANK": str(rank % per_node),
        "OMPI_UNIVERSE_SIZE": str(world),
    }


def _mpi_masters(nodes: Nodes) -> dict[str, str]:
    return {"AZ_BATCH_MASTER_NODE": f"{nodes.hosts[0]}:6000", "AZ_BATCHAI_MPI_MASTER_NODE": nodes.hosts[0]}


def _mpirun(mpirun: str, *, nodes: Nodes, per_node: int) -> Process:
    """All ranks behind the machine's own MPI launcher, each still with a log of its own."""
    world = nodes.count * per_node
    allowed = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    crowded = {"OMPI_MCA_rmaps_base_oversubscribe": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    rank_log = '"$SMALT_ARTIFACTS/user_logs/std_log_process_${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}.txt"'

    def wrap(command: str) -> str:
        each = f'exec "$0" -c "$1" >>{rank_log} 2>&1'
        return f'exec {_quoted(mpirun)} -np {world} "$0" -c {_quoted(each)} "$0" {_quoted(command)}'

    told = {**_shared(nodes), **_node(0, 0), **_mpi_masters(nodes), **allowed, **crowded}
    return Process(0, log=_log_name(0, world), variables=told, wrap=wrap)


def _tensorflow(distribution: Mapping[str, Any], nodes: Nodes) -> list[Process]:
    workers = distribution["worker_count"] or nodes.count
    servers = distribution["parameter_server_count"] or 0
    hosts = nodes.task_addresses(workers + servers)
    cluster = {"worker": hosts[:workers]} | ({"ps": hosts[workers:]} if servers else {})
    tasks = [("worker", index) for index in range(workers)] + [("ps", index) for index in range(servers)]
    return [
        Process(
            rank,
            log=_log_name(index, len(tasks), "_ps" if kind == "ps" else ""),
            variables={
                **_shared(nodes),
                **_node(rank % nodes.count, rank),
                "TF_CONFIG": json.dumps(
                    {"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"}
                ),
            },
            node=rank % nodes.count,
        )
        for rank, (kind, index) in enumerate(tasks)
    ]


def _ray(nodes: Nodes) -> list[Process]:
    """A Ray head that runs the command, and nodes that join it and leave with it."""
    port = nodes.meeting_port()
    address = f"{_HOST}:{port}"

    def head(command: str) -> str:
        start = f"ray start --head --node-ip-address={_HOST} --port={port} --include-dashboard=false"
        return f"{start} --disable-usage-stats || exit\n{command}"

    def node(command: str) -> str:
        join = f"ray start --address={address} --block"
        return f"for attempt in 1 2 3 4 5 6 7 8 9 10; do {join} && exit; sleep 3; done; exit 1"

    return [
        Process(
            rank,
            log=_log_name(rank, nodes.count),
            variables={**_shared(nodes), **_node(rank, rank), "RAY_ADDRESS": address},
            wrap=node if rank else head,
        )
        for rank in range(nodes.count)
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"
