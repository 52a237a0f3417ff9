"""Container images by podman or docker: pulled or built once, kept under the hash of what they came from.

Nothing here is used unless the operator asks for it; without, `plan` finds Python packages that stand for an image.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from smalt.environments.conda import read_conda
from smalt.environments.dockerfile import read_context_file
from smalt.environments.errors import EnvironmentBuildFailed
from smalt.environments.installer import Log, run_logged, tail_of
from smalt.environments.locking import locked, locked_if_free
from smalt.environments.programs import find_program
from smalt.environments.request import EnvironmentRequest, ImageRecipe, Notes, SubstitutionPolicy
from smalt.errors import InvalidRequest, Unsupported

ENGINES = ("podman", "docker")

_IMAGE = re.compile(r"[A-Za-z0-9][\w.\-/:@]{0,500}", re.ASCII)
_OF_THE_ENGINE = re.compile(
    r"DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS\w*)|CONTAINER_(HOST|CONNECTION|SSHKEY)|CONTAINERS_\w+|BUILDAH_\w+"
    r"|REGISTRY_AUTH_FILE|STORAGE_\w+|XDG_(RUNTIME_DIR|CONFIG_HOME|DATA_HOME)"
)
_INFO_SECONDS = 30.0
_SEEN_SECONDS = 300.0
"""After that long the engine is asked again whether it still has an image: others may remove it."""

_DOCKER_LIMITS = '[{{if .MemoryLimit}}"memory",{{end}}{{if .CPUCfsQuota}}"cpu",{{end}}""]'
_CONDA_FILE = "conda.yaml"
_WITH_CONDA = """FROM {image}
USER 0
COPY . /opt/smalt
RUN /bin/sh /opt/smalt/install.sh
ENV PATH=/opt/smalt/environment/bin:$PATH CONDA_PREFIX=/opt/smalt/environment
"""
# The image brings the program, as those of Azure Machine Learning do; which one of them is all the same. One that has
# Python and no such program gets what pip can install.
_INSTALL = """set -eu
cd /opt/smalt
for program in micromamba mamba conda; do
  command -v $program > /dev/null || continue
  $program env create --yes --prefix /opt/smalt/environment --file conda.yaml 2> log && exit 0
  $program env create --prefix /opt/smalt/environment --file conda.yaml && exit 0
  cat log
  exit 1
done
fail() { echo "The image has no conda, mamba or micromamba, $1."; exit 1; }
[ -e requirements.txt ] || fail "and the conda file names packages that PyPI does not have"
python=$(command -v "python$PYTHON_WANTED" || command -v python3 || command -v python) || fail "and no Python"
found=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "${PYTHON_WANTED:-$found}" = "$found" ] || fail "and its Python is $found where the conda file wants $PYTHON_WANTED"
$python -m venv --system-site-packages environment || fail "and its Python has no venv"
environment/bin/python -m pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
"""


@dataclass(frozen=True)
class Engine:
    """A container engine of this machine.

    Args:
        kind: `podman` or `docker`.
        program: Its absolute path.
        variables: What it goes by in the server's environment, such as where its service listens.
    """

    kind: str
    program: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of its command."""
        return {**os.environ, **self.variables}

    @cached_property
    def limits(self) -> frozenset[str]:
        """What it can bound here, of `cpu` and `memory`; nothing where it does not say so."""
        form = "{{json .Host.CgroupControllers}}" if self.kind == "podman" else _DOCKER_LIMITS
        asked = [self.program, "info", "--format", form]
        try:
            done = subprocess.run(
                asked,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_INFO_SECONDS,
                env=self.environment,
            )
            return frozenset(json.loads(done.stdout) or ()) & {"cpu", "memory"}
        except (ValueError, subprocess.TimeoutExpired):
            return frozenset()


def find_engine(choice: str) -> Engine | None:
    """The engine an operator chose: `podman`, `docker`, `auto` for whichever is here, `off` for none.

    Raises:
        Unavailable: It is not on this machine.
    """
    found = find_program("--containers", choice, ENGINES)
    if found is None:
        return None
    variables = {name: value for name, value in os.environ.items() if _OF_THE_ENGINE.fullmatch(name)}
    # What it calls itself (a runtime, iptables) stands where the PATH of a service seldom leads.
    return Engine(*found, {**variables, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"})


def image_recipe(request: EnvironmentRequest) -> ImageRecipe | None:
    """What has to be pulled or built for a request; None when it names no image, or further packages for pip.

    Raises:
        InvalidRequest: The image has no possible name, or the build context no such Dockerfile.
    """
    if request.requirements is not None or (request.image is None and request.build_context is None):
        return None
    conda = request.conda if isinstance(request.conda, str) or request.conda is None else json.dumps(request.conda)
    if request.build_context is not None:
        read_context_file(request.build_context, request.dockerfile)
        content = _content_hash(request.build_context)
        return ImageRecipe(None, str(request.build_context), request.dockerfile, content, conda)
    assert request.image is not None
    if not _IMAGE.fullmatch(request.image):
        raise InvalidRequest(f"{request.image[:200]!r} is no name of a container image, such as docker.io/python:3.11.")
    return ImageRecipe(request.image, conda=conda)


def _content_hash(context: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(context.rglob("*")):
        name = path.relative_to(context).as_posix()
        if path.is_symlink():
            digest.update(f"link {len(name)} {name} {path.readlink()}\n".encode(errors="surrogateescape"))
        elif path.is_file():
            digest.update(f"file {len(name)} {name} {path.stat().st_size}\n".encode(errors="surrogateescape"))
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
    return digest.hexdigest()


class Images:
    """Images of one engine.

    Args:
        root: Where it is kept which recipe came to which image.
        engine: The engine.
    """

    def __init__(self, root: Path, engine: Engine) -> None:
        self._root = root
        self.engine = engine
        self._seen: dict[str, float] = {}

    def find(self, key: str) -> str | None:
        """The id of the image that a recipe came to, if the engine had it lately; starts no process. Marks it used."""
        if time.monotonic() - self._seen.get(key, -math.inf) > _SEEN_SECONDS:
            return None
        return self.recorded(key)

    def recorded(self, key: str) -> str | None:
        """The id of the image that a recipe came to, whether or not the engine still has it. Marks it used."""
        try:
            found = self._record(key).read_text().partition("\n")[0]
            os.utime(self._record(key))
        except FileNotFoundError:
            return None
        return found

    def make(self, key: str, recipe: ImageRecipe, log: Log) -> str:
        """Pull or build an image; whoever asks for the same one meanwhile waits and shares it.

        Raises:
            EnvironmentBuildFailed: The engine failed; its last words are in the message.
        """
        with locked(self._guard(key), waiting=lambda: log("Waiting for another build of this image.")):
            found = self.recorded(key)
            if found is not None and self._id_of(found) is not None:
                log(f"{self.engine.kind} has the image {found}.")
            else:
                found, names = self._make(key, recipe, log)
                fresh = self._root / f".{key}.new"
                fresh.write_text("\n".join([found, *names]))
                fresh.replace(self._record(key))
        self._seen[key] = time.monotonic()
        return found

    def collect_garbage(self, keep: Collection[str], *, unused_seconds: float) -> list[str]:
        """Remove images that were pulled or built here and not used for a while; the keys of what they stood for.

        An image that a container runs stays, and so does one that others have given a name.
        """
        removed = []
        for record in sorted(self._root.glob(f"*.{self.engine.kind}")):
            key = record.stem
            with locked_if_free(self._guard(key)) as free:
                if not free or key in keep or time.time() - record.stat().st_mtime < unused_seconds:
                    continue
                if self._forget(record):
                    self._seen.pop(key, None)
                    removed.append(key)
        return removed

    def _forget(self, record: Path) -> bool:
        others = [each for each in self._root.glob(f"*.{self.engine.kind}") if each != record]
        used = {name for each in others for name in each.read_text().split("\n")[1:]}
        for name in record.read_text().split("\n")[1:]:
            if name not in used and self._id_of(name) is not None and self._call("rmi", name).returncode:
                return False
        record.unlink()
        return True

    def _record(self, key: str) -> Path:
        """Where the id of an image is kept, and below it the names that it was given for this."""
        return self._root / f"{key}.{self.engine.kind}"

    def _guard(self, key: str) -> Path:
        return self._root / f"{key}.lock"

    def _make(self, key: str, recipe: ImageRecipe, log: Log) -> tuple[str, list[str]]:
        names = []
        if recipe.context is not None:
            names.append(f"localhost/smalt-build:{key[:16]}")
            self._build(Path(recipe.context), recipe.dockerfile, names[-1], log)
            base = names[-1]
        else:
            assert recipe.image is not None
            base = recipe.image
            if self._id_of(base) is None:
                base = _whole_name(base)
                self._run(["pull", base], log)
                names.append(base)
        if recipe.conda is not None:
            with tempfile.TemporaryDirectory(dir=self._root) as folder:
                _write_conda_context(Path(folder), base, recipe.conda)
                names.append(f"localhost/smalt-conda:{key[:16]}")
                base = names[-1]
                self._build(Path(folder), "Dockerfile", base, log)
        found = self._id_of(base)
        if found is None:
            raise EnvironmentBuildFailed(f"{self.engine.kind} made {base}, but does not know it. Try again.")
        return found, names

    def _build(self, context: Path, dockerfile: str, tag: str, log: Log) -> None:
        self._run(["build", "--tag", tag, "--file", str(context / dockerfile), str(context)], log)

    def _id_of(self, image: str) -> str | None:
        done = self._call("image", "inspect", "--format", "{{.Id}}", image)
        return done.stdout.strip() or None if done.returncode == 0 else None

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.engine.program, *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=self.engine.environment,
        )

    def _run(self, arguments: Sequence[str], log: Log) -> None:
        log(f"{self.engine.kind} {' '.join(arguments)}")
        code, output = run_logged([self.engine.program, *arguments], variables=self.engine.environment, log=log)
        if code:
            raise EnvironmentBuildFailed(
                f"{self.engine.kind} {arguments[0]} failed with code {code}:\n{tail_of(output)}\n"
                "Check the name of the image, its registry, or the Dockerfile."
            )


def _whole_name(image: str) -> str:
    """The name with its registry. Docker looks short ones up at Docker Hub, podman nowhere unless it is told where."""
    first, slash, _ = image.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def _write_conda_context(folder: Path, image: str, conda: str) -> None:
    """The context that adds the packages of a conda file to an image."""
    (folder / _CONDA_FILE).write_text(conda)
    wanted = ""
    with contextlib.suppress(Unsupported):
        found = read_conda(conda, notes=Notes(SubstitutionPolicy.STRICT))
        wanted = found.python or ""
        (folder / "requirements.txt").write_text("\n".join([*found.requirements, ""]))
    (folder / "install.sh").write_text(f"PYTHON_WANTED={wanted}\n{_INSTALL}")
    (folder / "Dockerfile").write_text(_WITH_CONDA.format(image=image))
