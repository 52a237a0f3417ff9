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

# The first process of a container hears no signal that it has no handler for, and its end is the end of all others.
# It starts the command in the best shell of the image, hands SIGTERM to every process, and waits for the command.
# Only where it really is the first process may it signal all there are.
_FIRST_PROCESS = """
shell=/bin/sh
for each in /bin/bash /usr/bin/bash /usr/local/bin/bash; do [ -x $each ] && shell=$each && break; done
end() { if [ $$ = 1 ]; then kill -TERM -1; else kill -TERM $command; fi; } 2> /dev/null
trap end TERM
$shell "$@" &
command=$!
wait $command
code=$?
while kill -0 $command 2> /dev/null; do wait $command; code=$?; done
exit $code
"""
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# Variables that would change what the engine itself does, were they in its own environment.
_OF_THE_ENGINE = re.compile(
    r"PATH|HOME|USER|TMPDIR|SSL_CERT_.*|LD_.*|GO.*|XDG_.*|DOCKER_.*|CONTAINER.*|PODMAN_.*|BUILDAH_.*|REGISTRY_.*|STORAGE_.*"
)


class Container:
    """How the processes of one job are run and removed.

    Args:
        container: The container of the plan.
        job: The name of the job, unique on this machine.
    """

    def __init__(self, container: Mapping[str, Any], *, job: str) -> None:
        self._engine: str = container["engine"]
        self._program: str = container["program"]
        self._image: str = container["image"]
        self._options: list[str] = list(container["options"])
        self._job = job

    def run(
        self,
        arguments: Sequence[str],
        *,
        rank: int,
        folder: str,
        variables: Mapping[str, str],
        volumes: Iterable[tuple[str, str, bool]],
    ) -> tuple[list[str], dict[str, str]]:
        """The command line of one process and the environment of the engine.

        Args:
            arguments: Of the shell.
            rank: Of the process.
            folder: Its working folder.
            variables: What it is told; values travel by the environment, as command lines can be seen by others.
            volumes: Path here, path inside, and whether it may only be read.
        """
        argv = [self._program, "run", "--rm", "--name", self.name(rank), "--network", "host"]
        argv += ["--log-driver", "none", "--workdir", folder, "--entrypoint", "/bin/sh", *self._user()]
        for here, inside, is_read_only in volumes:
            mount = [_field(f"source={here}"), _field(f"target={inside}"), *(["readonly"] if is_read_only else [])]
            argv += ["--mount", ",".join(["type=bind", *mount])]
        told = dict(os.environ)
        for name, value in {"HOME": folder, **variables}.items():
            if _OF_THE_ENGINE.fullmatch(name) or not _SAFE_NAME.fullmatch(name):
                argv += ["--env", f"{name}={value}"]
            else:
                argv += ["--env", name]
                told[name] = value
        return [*argv, *self._options, self._image, "-c", _FIRST_PROCESS, "sh", *arguments], told

    def remove(self, rank: int) -> list[str]:
        """The command line that ends a process for good."""
        return [self._program, "rm", "--force", self.name(rank)]

    def name(self, rank: int) -> str:
        """What a container is called, for those who look."""
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", self._job)
        return f"smalt-{plain}-{rank}"

    def _user(self) -> list[str]:
        """Whoever owns the server's files outside owns what the job writes."""
        if self._engine == "podman":  # Without root it shows its own user as root inside.
            return ["--user", "0:0", "--security-opt", "label=disable"]
        return ["--user", f"{os.getuid()}:{os.getgid()}"]


def _field(text: str) -> str:
    """Mounts are written as a line of CSV."""
    return '"{}"'.format(text.replace('"', '""')) if any(each in text for each in ',"\n') else text
