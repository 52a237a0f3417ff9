"""A Ray cluster of two nodes on this machine, with its token: in network namespaces where that is allowed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

_START_SECONDS = 300
_NODES = 2
_ATTEMPTS = 4


@dataclass
class Cluster:
    """Two nodes, the first of which is the head."""

    folder: Path
    has_namespaces: bool
    tag: str = field(default_factory=lambda: secrets.token_hex(2))

    @property
    def address(self) -> str:
        return f"http://{self.host(1)}:{self._ports['dashboard']}"

    @property
    def server_host(self) -> str:
        """Where the nodes see this machine."""
        return self._ip(0) if self.has_namespaces else "127.0.0.1"

    @property
    def token_file(self) -> Path:
        return self.folder / "token"

    def host(self, node: int) -> str:
        return self._ip(node) if self.has_namespaces else "127.0.0.1"

    def build(self) -> None:
        self.folder.mkdir(parents=True)
        # Ray puts sockets there, whose paths may not be long.
        self._own = Path(tempfile.mkdtemp(prefix="smalt-ray-"))
        self.token_file.write_text(secrets.token_hex(24))
        self.token_file.chmod(0o600)
        self._ports = {name: _free_port() for name in ("gcs", "dashboard")}
        if self.has_namespaces:
            self._make_network()
        self.start_node(1)
        self.start_node(2)

    def start_node(self, node: int) -> None:
        """`ray start`; it returns when the node has joined."""
        arguments = [
            f"--node-ip-address={self.host(node)}",
            "--num-cpus=1",
            "--object-store-memory=100000000",
            "--disable-usage-stats",
            f"--dashboard-agent-listen-port={_free_port()}",
        ]
        if node == 1:
            arguments += ["--head", f"--port={self._ports['gcs']}", f"--dashboard-host={self.host(1)}"]
            arguments += [f"--dashboard-port={self._ports['dashboard']}", f"--temp-dir={self._own}"]
        else:
            arguments += [f"--address={self.host(1)}:{self._ports['gcs']}"]
        inside = ["ip", "netns", "exec", self._namespace(node)] if self.has_namespaces else []
        ray = Path(os.environ["SMALT_RAY_PYTHON"]).parent / "ray"
        for _ in range(_ATTEMPTS):  # On a busy machine Ray gives its own start up now and then.
            with (self.folder / f"node{node}.log").open("ab") as log:
                started = subprocess.run(
                    [*inside, str(ray), "start", *arguments],
                    env=self._variables(node),
                    stdout=log,
                    stderr=log,
                    timeout=_START_SECONDS,
                )
            if started.returncode == 0:
                return
            self.kill_node(node)
        raise AssertionError((self.folder / f"node{node}.log").read_text()[-3000:])

    def kill_node(self, node: int) -> None:
        """End every process of a node at once, as when its machine dies; only ours, which carry its mark."""
        mark = f"SMALT_TEST_NODE={self.tag}-{node}".encode()
        for _ in range(50):
            found = [pid for pid in _pids() if mark in _environment(pid)]
            if not found:
                return
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def alive(self) -> int:
        """How many nodes the cluster has."""
        headers = {"Authorization": f"Bearer {self.token_file.read_text()}"}
        answer = httpx2.get(f"{self.address}/api/v0/nodes", headers=headers, timeout=30, trust_env=False)
        return sum(node["state"] == "ALIVE" for node in answer.json()["data"]["result"]["result"])

    def remove(self) -> None:
        for node in range(1, _NODES + 1):
            self.kill_node(node)
        if self.has_namespaces:
            for node in range(1, _NODES + 1):
                _ip_command("netns", "del", self._namespace(node))
            _ip_command("link", "del", f"smb{self.tag}")
        shutil.rmtree(self._own, ignore_errors=True)

    def _variables(self, node: int) -> dict[str, str]:
        ray = Path(os.environ["SMALT_RAY_PYTHON"]).parent
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (tools / "uv").symlink_to(Path(sys.executable).parent / "uv")
        return {
            "PATH": f"{ray}:{tools}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "SMALT_TEST_NODE": f"{self.tag}-{node}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token_file),
            "UV_CONFIG_FILE": str(self._uv_settings()),
        }

    def _uv_settings(self) -> Path:
        """Nodes in namespaces reach no index; the wheels of the test's environment are at hand."""
        path = self.folder / "uv.toml"
        path.write_text(f'no-index = true\nfind-links = ["{self.folder.parent / "wheels"}"]\n')
        return path

    def _make_network(self) -> None:
        bridge = f"smb{self.tag}"
        _ip_command("link", "add", bridge, "type", "bridge")
        _ip_command("addr", "add", f"{self._ip(0)}/24", "dev", bridge)
        _ip_command("link", "set", bridge, "up")
        for node in range(1, _NODES + 1):
            space, end = self._namespace(node), f"smv{self.tag}{node}"
            _ip_command("netns", "add", space)
            _ip_command("link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip_command("link", "set", end, "master", bridge, "up")
            _ip_command("-n", space, "addr", "add", f"{self._ip(node)}/24", "dev", "eth0")
            _ip_command("-n", space, "link", "set", "eth0", "up")
            _ip_command("-n", space, "link", "set", "lo", "up")

    def _namespace(self, node: int) -> str:
        return f"smalt-{self.tag}-{node}"

    def _ip(self, node: int) -> str:
        return f"10.231.{int(self.tag[:2], 16)}.{10 + node}"


@contextlib.contextmanager
def two_nodes(folder: Path) -> Iterator[Cluster]:
    """A cluster until the block ends. `ray stop` is not called: it would end every Ray of this machine."""
    cluster = Cluster(folder / "cluster", has_namespaces=_may_make_namespaces())
    try:
        cluster.build()
        yield cluster
    finally:
        cluster.remove()


def _may_make_namespaces() -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"smalt-{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    if made:
        _ip_command("netns", "del", name)
    return made


def _ip_command(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
