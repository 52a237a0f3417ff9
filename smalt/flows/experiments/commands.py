"""Command nodes: their placeholders filled in, and the shell that runs them."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.flows.loading import resolved_variables

_log = logging.getLogger(__name__)
Filled = dict[str, Any]  # Any: values of inputs


def filled(command: str, inputs: Mapping[str, Any], outputs: Mapping[str, str]) -> str:  # Any: values of inputs
    """A command with `${inputs.x}` and `${outputs.x}` replaced; paths are quoted for the shell."""
    for head, values in (("inputs", inputs), ("outputs", outputs)):
        for name, value in values.items():
            command = command.replace(f"${{{head}.{name}}}", shlex.quote(value) if os.sep in str(value) else str(value))
    if "${inputs." in command or "${outputs." in command:
        _log.warning("The command %r still has placeholders. Name its inputs and outputs as it does.", command)
    return command


def output_folders(outputs: Mapping[str, str | None], folder: Path) -> dict[str, str]:
    """Where outputs go: as the node says, otherwise a folder of their name, which is made."""
    found = {}
    for name, place in outputs.items():
        path = Path(place) if place else folder / name
        if not place:
            path.mkdir(parents=True, exist_ok=True)
        found[name] = str(path)
    return found


def run(
    command: str,
    folder: str,
    variables: Mapping[str, str],
    log: Path,
    connections: Any,  # Any: as `load` takes them
) -> int:
    """Run a command in a folder, its output going to a file; its exit code."""
    environment = {**os.environ, **resolved_variables(connections, variables)}
    # A script says `python`; where no other is found, it is the one that runs the flows.
    environment["PATH"] = os.pathsep.join([environment.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S602  # a command of the shell is what the node is
            command, shell=True, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        try:
            return process.wait()
        except BaseException:
            os.killpg(process.pid, 15)
            process.wait()
            raise
