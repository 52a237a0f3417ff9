"""Container images by podman or docker: pulled or built once, kept under the hash of what they came from.

Nothing here is used unless the operator asks for it; without, `plan` finds Python packages that stand for an image.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smalt.environments.dockerfile import read_context_file
from smalt.environments.errors import EnvironmentBuildFailed
from smalt.environments.installer import Log, run_logged, tail_of
from smalt.environments.locking import locked
from smalt.environments.programs import find_program
from smalt.environments.request import EnvironmentRequest, ImageRecipe
from smalt.errors import InvalidRequest

ENGINES = ("podman", "docker")

_IMAGE = re.compile(r"[A-Za-z0-9][\w.\-/:@]{0,500}", re.ASCII)
_CONDA_FILE = "conda.yaml"
# The image must bring the program, as those of Azure Machine Learning do; which one of them is all the same.
_WITH_CONDA = """FROM {image}
USER 0
COPY conda.yaml /opt/smalt/conda.yaml
RUN for program in micromamba mamba conda; do command -v $program > /dev/null && break; done; \\
    $program env create --yes --prefix /opt/smalt/environment --file /opt/smalt/conda.yaml 2> /opt/smalt/log \\
    || $program env create --prefix /opt/smalt/environment --file /opt/smalt/conda.yaml \\
    || {{ cat /opt/smalt/log; echo "The image has no working conda, mamba or micromamba."; exit 1; }}
ENV PATH=/opt/smalt/environment/bin:$PATH CONDA_PREFIX=/opt/smalt/environment
"""


@dataclass(frozen=True)
class Engine:
    """A container engine of this machine.

    Args:
        kind: `podman` or `docker`.
        program: Its absolute path.
    """

    kind: str
    program: str


def find_engine(choice: str) -> Engine | None:
    """The engine an operator chose: `podman`, `docker`, `auto` for whichever is here, `off` for none.

    Raises:
        Unavailable: It is not on this machine.
    """
    found = find_program("--containers", choice, ENGINES)
    return None if found is None else Engine(*found)


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

    def find(self, key: str) -> str | None:
        """The id of the image that a recipe came to; starts no process."""
        try:
            return (self._root / f"{key}.{self.engine.kind}").read_text()
        except FileNotFoundError:
            return None

    def make(self, key: str, recipe: ImageRecipe, log: Log) -> str:
        """Pull or build an image; whoever asks for the same one meanwhile waits and shares it.

        Raises:
            EnvironmentBuildFailed: The engine failed; its last words are in the message.
        """
        with locked(self._root / f"{key}.lock", waiting=lambda: log("Waiting for another build of this image.")):
            found = self.find(key)
            if found is not None and self._id_of(found) is not None:
                return found
            made = self._make(key, recipe, log)
            fresh = self._root / f".{key}.new"
            fresh.write_text(made)
            fresh.replace(self._root / f"{key}.{self.engine.kind}")
        return made

    def _make(self, key: str, recipe: ImageRecipe, log: Log) -> str:
        if recipe.context is not None:
            base = f"localhost/smalt-build:{key[:16]}"
            self._build(Path(recipe.context), recipe.dockerfile, base, log)
        else:
            assert recipe.image is not None
            base = recipe.image
            if self._id_of(base) is None:
                self._run(["pull", base], log)
        if recipe.conda is not None:
            with tempfile.TemporaryDirectory(dir=self._root) as folder:
                (Path(folder) / "Dockerfile").write_text(_WITH_CONDA.format(image=base))
                (Path(folder) / _CONDA_FILE).write_text(recipe.conda)
                base = f"localhost/smalt-conda:{key[:16]}"
                self._build(Path(folder), "Dockerfile", base, log)
        found = self._id_of(base)
        if found is None:
            raise EnvironmentBuildFailed(f"{self.engine.kind} made {base}, but does not know it. Try again.")
        return found

    def _build(self, context: Path, dockerfile: str, tag: str, log: Log) -> None:
        self._run(["build", "--tag", tag, "--file", str(context / dockerfile), str(context)], log)

    def _id_of(self, image: str) -> str | None:
        asked = [self.engine.program, "image", "inspect", "--format", "{{.Id}}", image]
        done = subprocess.run(asked, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stdout.strip() or None if done.returncode == 0 else None

    def _run(self, arguments: Sequence[str], log: Log) -> None:
        log(f"{self.engine.kind} {' '.join(arguments)}")
        code, output = run_logged([self.engine.program, *arguments], log=log)
        if code:
            raise EnvironmentBuildFailed(
                f"{self.engine.kind} {arguments[0]} failed with code {code}:\n{tail_of(output)}\n"
                "Check the name of the image, its registry, or the Dockerfile."
            )
