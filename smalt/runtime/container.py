"""The command line that runs a job's process in a container: same paths, same network, same variables, same log."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy")
"""Variables of the machine that the inside of a container needs as well."""

ROUTES = ("scoring", "liveness", "readiness")
"""What is asked of the server of an image, each at a port and a path."""

MARK = "SMALT_JOB_MARK"
"""The variable by which the processes of a job are known; what is inside is found by it as well."""

# The first process of a container hears no signal that it has no handler for, and its end is the end of all others.
# It reads its variables, starts the command in the best shell of the image, hands SIGTERM to every process, and waits
# for the command. Only where it really is the first process may it signal all there are; what stays up tells its own.
_FIRST_PROCESS = """
. "$1"
whom=$2
shift 2
shell=/bin/sh
for each in /bin/bash /usr/bin/bash /usr/local/bin/bash; do [ -x $each ] && shell=$each && break; done
end() { if [ $$$whom = 1all ]; then kill -TERM -1; else kill -TERM $command; fi; } 2> /dev/null
trap end TERM
$shell "$@" &
command=$!
wait $command
code=$?
while kill -0 $command 2> /dev/null; do wait $command; code=$?; done
exit $code
"""
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Container:
    """How the processes of one job are run and removed.

    Args:
        container: The container of the plan.
    """

    def __init__(self, container: Mapping[str, Any]) -> None:
        self._engine: str = container["engine"]
        self._program: str = container["program"]
        self._image: str = container["image"]
        self._options: list[str] = list(container["options"])
        self.environment: dict[str, str] = {**os.environ, **container["variables"]}
        self._name: str = container["name"]
        self._stays_up: bool = container["stays_up"]
        self._reads: dict[str, str] = container["reads"]
        self.server: dict[str, Any] | None = container["server"]

    def run(
        self,
        arguments: Sequence[str],
        *,
        rank: int,
        folder: str,
        variables: Mapping[str, str],
        told: str,
        volumes: Iterable[tuple[str, str, bool]],
    ) -> list[str]:
        """The command line of one process.

        Args:
            arguments: Of the shell.
            rank: Of the process.
            folder: Its working folder.
            variables: What it is told.
            told: The file that `write_variables` made of them: whoever may ask the engine sees what it is given.
            volumes: Path here, path inside, and whether it may only be read.
        """
        argv = [*self._run(rank), "--network", "host", "--workdir", folder, "--entrypoint", "/bin/sh", *self._user()]
        for here, inside, is_read_only in (*volumes, (told, told, True)):
            argv += _mount(here, inside, is_read_only=is_read_only)
        for name, value in variables.items():
            if name == MARK or not _SAFE_NAME.fullmatch(name):
                argv += ["--env", f"{name}={value}"]
        whom = "command" if self._stays_up else "all"
        return [*argv, *self._options, self._image, "-c", _FIRST_PROCESS, "sh", told, whom, *arguments]

    def serve(self, variables: Mapping[str, str], *, told: str) -> list[str]:
        """The command line that starts the server of the image, whose ports get addresses of this machine.

        Args:
            variables: What it is told. No shell reads them, so whoever may ask the engine sees them.
            told: A file to be made of them, since others see command lines.
        """
        assert self.server is not None
        with open(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in variables.items() if "\n" not in value)
        argv = [*self._run(0), "--env-file", told, *self._labels()]
        for port in sorted({self.server[each][0] for each in ROUTES}):
            argv += ["--publish", f"127.0.0.1::{port}"]
        for inside, here in self._reads.items():
            argv += _mount(here, inside, is_read_only=True)
        for name, value in variables.items():
            argv += ["--env", f"{name}={value}"] if "\n" in value else []
        return [*argv, *self._options, self._image]

    def port(self, inside: int) -> list[str]:
        """The command line that tells at which address of this machine a port of the server is."""
        return [self._program, "port", self.name(0), str(inside)]

    def _run(self, rank: int) -> list[str]:
        # What is removed has had its time to end by itself.
        once = ["--rm", "--stop-timeout", "0", "--log-driver", "none"]
        return [self._program, "run", *once, "--name", self.name(rank)]

    def remove(self, rank: int) -> list[str]:
        """The command line that ends a process for good."""
        return [self._program, "rm", "--force", self.name(rank)]

    def name(self, rank: int) -> str:
        """What the container of a process is called."""
        return f"{self._name}-{rank}"

    def _user(self) -> list[str]:
        """Whoever owns the server's files outside owns what the job writes."""
        if self._engine == "podman":  # Without root it shows its own user as root inside.
            return ["--user", "0:0", *self._labels()]
        return ["--user", f"{os.getuid()}:{os.getgid()}"]

    def _labels(self) -> list[str]:
        """Folders of this machine have the labels of its own processes."""
        return ["--security-opt", "label=disable"] if self._engine == "podman" else []


def write_variables(path: str, variables: Mapping[str, str]) -> None:
    """Write variables as a shell reads them, for the owner only."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        for name, value in variables.items():
            if _SAFE_NAME.fullmatch(name):
                quoted = value.replace("'", "'\\''")
                stream.write(f"export {name}='{quoted}'\n")


def _mount(here: str, inside: str, *, is_read_only: bool) -> list[str]:
    fields = [_field(f"source={here}"), _field(f"target={inside}"), *(["readonly"] if is_read_only else [])]
    return ["--mount", ",".join(["type=bind", *fields])]


def _field(text: str) -> str:
    """Mounts are written as a line of CSV."""
    return '"{}"'.format(text.replace('"', '""')) if any(each in text for each in ',"\n') else text
