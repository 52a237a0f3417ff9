"""A container engine that really runs containers, with a store of its own and a tiny image made from this machine."""

from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

IMAGE = "localhost/tiny:1"
_CONF = """[engine]
runtime = "{runtime}"
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
volumes = [{volumes}]
"""


class RealEngine:
    """podman, set up so that it works where a test machine gives few rights.

    Args:
        folder: Where its settings and its images are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {"CONTAINERS_CONF": str(folder / "containers.conf"),
                          "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
                          "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}  # fmt: skip

    def set_up(self) -> str | None:
        """Make the image, and run a container of it; what went wrong, if anything did."""
        own = self.variables["PATH"]
        if shutil.which("podman", path=own) is None:
            return "there is no podman on PATH (Debian: apt install podman runc; see make test-containers)"
        # What is in containers is this machine's own programs: nothing is to be downloaded.
        shown = dict.fromkeys(["/usr", str(Path(sys.base_prefix).resolve())])
        files, processes = (resource.getrlimit(each)[0] for each in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
        (self.folder / "containers.conf").write_text(
            _CONF.format(
                runtime="runc" if shutil.which("runc", path=own) else "crun",
                files=min(files, 1024) if files > 0 else 1024,
                processes=min(processes, 4096) if processes > 0 else 4096,
                volumes=", ".join(f'"{path}:{path}:ro"' for path in shown),
            )
        )
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\nrunroot = "{self.folder}/run"\ngraphroot = "{self.folder}/store"\n'
        )
        path = "ENV PATH=/opt/bin:/usr/local/bin:/usr/bin:/bin"
        made = self("import", "--change", path, "-", IMAGE, given=_root_folder())
        tried = made if made.returncode else self("run", "--rm", "--network", "host", IMAGE, "/bin/sh", "-c", "true")
        return f"podman runs no containers here: {tried.stderr.decode()[-300:]}" if tried.returncode else None

    def __call__(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Ask it."""
        return subprocess.run(
            ["podman", *arguments], input=given, capture_output=True, env={**os.environ, **self.variables}, timeout=120
        )

    def containers(self) -> list[str]:
        """Names of the containers that there are."""
        return self("ps", "--all", "--format", "{{.Names}}").stdout.decode().split()

    def shown(self, name: str) -> str:
        """All that whoever may ask the engine sees of a container."""
        return self("inspect", name).stdout.decode()

    def end(self) -> None:
        """Remove everything."""
        self("rm", "--all", "--force", "--time", "0")
        self("rmi", "--all", "--force")


def _root_folder() -> bytes:
    """An archive of a root folder in which only links to what is mounted are, as Debian has them."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in ("usr", "tmp", "etc", "root", "opt", "opt/bin"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        links = {name: f"usr/{name}" for name in ("bin", "lib", "lib64", "sbin")}
        python = str(Path(sys.base_prefix).resolve() / "bin" / "python3")
        for name, target in {**links, "opt/bin/python": python, "opt/bin/python3": python}.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return content.getvalue()
