#!/usr/bin/env -S python3 -IS
"""Stands in for podman and docker, which need rights that a test machine may not give: runs the command right here.

What it is asked is written down beside it as lines of JSON. It takes the options that smalt uses and no other; the
process gets the variables and the folder that were named and nothing else of its caller's environment, and SIGTERM is
handed to the process inside, as by the real ones.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
WITH_VALUE = {"--name", "--network", "--log-driver", "--workdir", "--entrypoint", "--user", "--security-opt",
              "--mount", "--env", "--shm-size", "--stop-timeout"}  # fmt: skip


def note(**said: object) -> None:
    with (HERE / "asked.jsonl").open("a") as file:
        file.write(json.dumps(said) + "\n")


def run(arguments: list[str]) -> int:
    options: list[tuple[str, str]] = []
    while arguments[0].startswith("--"):
        name = arguments.pop(0)
        if name == "--rm":
            continue
        assert name in WITH_VALUE, name
        options.append((name, arguments.pop(0)))
    one = dict(options)
    variables = dict(value.split("=", 1) for name, value in options if name == "--env")
    image, *command = arguments
    note(verb="run", options=options, image=image, told=Path(command[3]).read_text())
    pids = HERE / "containers"
    pids.mkdir(exist_ok=True)
    child = subprocess.Popen(
        [one["--entrypoint"], *command],
        env={"PATH": os.defpath, "IN_CONTAINER": "yes", **variables},
        cwd=one["--workdir"],
        start_new_session=True,
    )
    (pids / one["--name"]).write_text(str(child.pid))
    signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
    code = child.wait()
    (pids / one["--name"]).unlink(missing_ok=True)
    return 128 - code if code < 0 else code


def main() -> int:
    verb, *rest = sys.argv[1:]
    if verb == "run":
        return run(rest)
    note(verb=verb, arguments=rest)
    if verb == "rm":
        os.killpg(int((HERE / "containers" / rest[-1]).read_text()), signal.SIGKILL)
    elif verb in ("pull", "build"):
        name = rest[-1] if verb == "pull" else rest[rest.index("--tag") + 1]
        if "missing" in name:
            print(f"Error: {name}: no such image in any registry")
            return 125
        (HERE / "images.txt").open("a").write(f"{name}\nid-of-{name}\n")
    elif verb == "image":
        known = (HERE / "images.txt").read_text().splitlines() if (HERE / "images.txt").exists() else []
        if rest[-1] not in known:
            return 1
        print(f"id-of-{rest[-1].removeprefix('id-of-')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
