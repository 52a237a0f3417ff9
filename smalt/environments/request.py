"""What is asked of an environment, and what it comes down to: the two values on either side of `plan`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from smalt.errors import Unsupported

_FORMAT = 1


class SubstitutionPolicy(StrEnum):
    """What to do with a wish that this machine cannot honour to the letter."""

    SUBSTITUTE = "substitute"
    """Take the nearest thing and say so at the top of the job's log."""
    STRICT = "strict"
    """Refuse the environment."""


@dataclass(frozen=True)
class EnvironmentRequest:
    """An environment as a person wrote it.

    Attributes:
        image: A container image, e.g. `docker.io/python:3.11`.
        conda: A conda file, parsed or as YAML text.
        requirements: The text of a requirements file.
        build_context: A folder with a Dockerfile.
        dockerfile: The Dockerfile's path inside `build_context`.
        curated: A curated name in any of its spellings, e.g. `sklearn-1.5`.
        environment_name: How messages call the environment.
    """

    image: str | None = None
    conda: Mapping[str, Any] | str | None = None  # Any: YAML as users write it
    requirements: str | None = None
    build_context: Path | None = None
    dockerfile: str = "Dockerfile"
    curated: str | None = None
    environment_name: str | None = None


@dataclass(frozen=True)
class ImageRecipe:
    """What has to be pulled or built where containers are used.

    Attributes:
        image: An image with a name.
        context: The folder of a build context instead.
        dockerfile: The Dockerfile's path inside it.
        content: Hash of all that is in it.
        conda: A conda file whose packages are added to the image.
    """

    image: str | None
    context: str | None = None
    dockerfile: str = "Dockerfile"
    content: str = ""
    conda: str | None = None


@dataclass(frozen=True)
class CondaRecipe:
    """What a conda program has to install where one is used.

    Attributes:
        channels: Where packages come from, the first preferred; none for those of the program's configuration.
        specs: Packages in the program's words; Python is one of them.
    """

    channels: tuple[str, ...]
    specs: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """A Python version and requirements that stand for a request, or an image where containers are used.

    Attributes:
        python: The wanted minor version such as `3.10`; None for the default interpreter.
        requirements: Lines of a requirements file.
        constraints: Lines of a constraints file.
        notes: What was asked and how it is realised or not honoured, for the top of the job's log.
        policy: Whether a missing Python version may be replaced by another.
        image: The image, and then nothing else counts.
        conda: What a conda program installs, and then the requirements come on top.
    """

    python: str | None
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    policy: SubstitutionPolicy = SubstitutionPolicy.SUBSTITUTE
    image: ImageRecipe | None = None
    conda: CondaRecipe | None = None

    @cached_property
    def key(self) -> str:
        """Hash of everything that decides the content; notes do not."""
        content: list[Any] = [_FORMAT, self.python, self.requirements, self.constraints, self.policy]  # Any: JSON
        if self.image is not None:
            image = self.image  # where a build context lies decides nothing, what is in it does
            content = [_FORMAT, image.image, image.dockerfile, image.content, image.conda]
        if self.conda is not None:
            content += [self.conda.channels, self.conda.specs]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


@dataclass
class Notes:
    """Collects what a person should know about how their request is realised."""

    policy: SubstitutionPolicy
    lines: list[str] = field(default_factory=list)

    def mention(self, line: str) -> None:
        """Say how something is realised, without a loss."""
        if line not in self.lines:
            self.lines.append(line)

    def substitute(self, line: str) -> None:
        """Say what is not honoured to the letter; refused under the strict policy."""
        if self.policy is SubstitutionPolicy.STRICT:
            raise Unsupported(f"{line} The substitution policy is strict, so the environment is refused.")
        self.mention(line)
