#!/usr/bin/env -S python3 -IS
"""Stands in for micromamba, mamba and conda, which no package index that tests may use carries.

It takes the options that smalt uses and no other, answers as conda does (checked with conda 26.7: the same tests pass
with a real program named by SMALT_TEST_CONDA), and writes down what it is asked as lines of JSON. It knows channels
that are folders, `name` and `name=version`, and takes what depends on python to need nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from urllib.parse import urlparse

HERE = Path(__file__).parent
FLAGS = {"--dry-run", "--json", "--yes", "--quiet", "--override-channels", "--download-only", "--offline"}


def main() -> int:
    verb, *rest = sys.argv[1:]
    assert verb == "create", verb
    with (HERE / "asked.jsonl").open("a") as file:
        file.write(json.dumps(sys.argv[1:]) + "\n")
    flags, values, specs = set(), {}, []
    while rest:
        word = rest.pop(0)
        if word in FLAGS:
            flags.add(word)
        elif word.startswith("--channel="):
            values["channel"] = word.partition("=")[2]
        elif word in ("--prefix", "--file"):
            values[word.removeprefix("--")] = rest.pop(0)
        else:
            assert not word.startswith("-"), word
            specs.append(word)
    if "--dry-run" in flags:
        return solve(values["channel"], specs)
    return create(Path(values["prefix"]), Path(values["file"]), flags)


def solve(channel: str, specs: list[str]) -> int:
    index = Path(urlparse(channel).path) / "linux-64" / "repodata.json"
    if not index.exists():
        print(json.dumps({"message": f"HTTP 000 CONNECTION FAILED for url <{channel}>"}))
        return 1
    fetch = []
    for spec in specs:
        name, _, version = spec.partition("=")
        found = [
            {**record, "fn": file, "url": f"{channel}/linux-64/{file}"}
            for file, record in json.loads(index.read_text())["packages"].items()
            if record["name"] == name and record["version"].startswith(version)
        ]
        if not found:
            print(json.dumps({"message": f"The following packages are not available from current channels: {spec}"}))
            return 1
        fetch.append(max(found, key=lambda record: record["version"]))
    link = [{"name": one["name"], "version": one["version"], "build_string": one["build"]} for one in fetch]
    print(json.dumps({"success": True, "actions": {"FETCH": fetch, "LINK": link}}))
    return 0


def create(prefix: Path, listed: Path, flags: set[str]) -> int:
    cache = Path(os.environ["CONDA_PKGS_DIRS"].split(os.pathsep)[0])
    lines = listed.read_text().partition("@EXPLICIT\n")[2].split()
    for url, md5 in (line.split("#") for line in lines):
        source = Path(urlparse(url).path)
        package = cache / source.name
        if not package.exists() and "--offline" not in flags and source.exists():
            shutil.copyfile(source, package)
        if not package.exists():
            print(f"CondaHTTPError: HTTP 000 CONNECTION FAILED for url <{url}>")
            return 1
        if "--download-only" not in flags:
            assert hashlib.md5(package.read_bytes()).hexdigest() == md5
            unpack(package, prefix)
    return 0


def unpack(package: Path, prefix: Path) -> None:
    with tarfile.open(package) as archive:
        inside = {member.name: member for member in archive.getmembers()}
        moved = archive.extractfile("info/has_prefix").read().decode().splitlines()
        prefix.mkdir(parents=True, exist_ok=True)
        archive.extractall(prefix, [member for name, member in inside.items() if not name.startswith("info/")])
    for placeholder, _, name in (line.split() for line in moved):
        text = (prefix / name).read_text()
        (prefix / name).write_text(text.replace(placeholder, str(prefix)))


if __name__ == "__main__":
    sys.exit(main())
