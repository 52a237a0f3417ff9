"""From what a person asked for to a recipe: pure, and the one place that decides what stands for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

import yaml

from smalt.environments.conda import read_conda
from smalt.environments.conda_file import read_for_program
from smalt.environments.containers import image_recipe
from smalt.environments.curated import find_recipe
from smalt.environments.dockerfile import read_context_file, read_dockerfile
from smalt.environments.images import ImageKind, ImageMeaning, split_image, understand_image
from smalt.environments.known_constraints import known_constraints
from smalt.environments.request import CondaRecipe, EnvironmentRequest, Notes, Recipe, SubstitutionPolicy
from smalt.environments.requirements import name_of, read_requirements
from smalt.errors import InvalidRequest, Unsupported

Aliases = Mapping[str, EnvironmentRequest]

_INFERENCE_SERVER = "azureml-inference-server-http"
# Every environment can `pip install`, also from source; the installer prefers a setuptools that has `pkg_resources`.
ALWAYS = ("pip", "setuptools", "wheel")


@dataclass
class _Draft:
    notes: Notes
    python: str | None = None
    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    conda: CondaRecipe | None = None


def plan(
    request: EnvironmentRequest,
    *,
    policy: SubstitutionPolicy = SubstitutionPolicy.SUBSTITUTE,
    aliases: Aliases | None = None,
    containers: bool = False,
    conda: str | None = None,
    has_python: Callable[[str], bool] = lambda version: True,
) -> Recipe:
    """Decide which Python packages stand for an environment. Nothing is read but the build context.

    Args:
        request: What is asked.
        policy: What to do with a wish that cannot be honoured to the letter.
        aliases: The operator's table of what stands for what.
        containers: Whether images are run as they are; nothing stands for them then.
        conda: The conda program that may be used, such as `micromamba`.
        has_python: Tells whether a minor version of Python can be had without it.

    Raises:
        InvalidRequest: The request or a file of it is wrong.
        Unsupported: It cannot be honoured here; the text says why and what to do.
    """
    request = _apply_alias(request, aliases or {})
    image = image_recipe(request) if containers else None
    if image is not None:
        return Recipe(python=None, requirements=(), policy=policy, image=image)
    draft = _Draft(Notes(policy))
    if request.build_context is not None:
        _add_build_context(request, draft)
    elif request.curated is not None and request.conda is None:
        _add_curated(request.curated, draft)
    elif request.image is not None:
        _add_image(request.image, draft, packages_elsewhere=bool(request.conda or request.requirements))
    elif request.conda is None and request.requirements is None:
        name = repr(request.environment_name) if request.environment_name else "The environment"
        raise InvalidRequest(f"{name} has neither image, conda_file nor build. Give it one of them.")
    if request.conda is not None:
        _add_conda(request, draft, conda, has_python)
    if request.requirements is not None:
        _add_requirements(request, draft)
    return _finish(draft)


def read_aliases(text: str) -> dict[str, EnvironmentRequest]:
    """Parse the operator's alias table: a YAML mapping from an image or curated name to what stands for it.

    A key may hold `*`. A value is a curated name or image, or a mapping with `image`, `conda`, `requirements` or
    `curated`::

        contoso.azurecr.io/train*: sklearn-1.5
        pytorch/pytorch: {conda: {dependencies: [python=3.11, {pip: [torch==2.6.0]}]}}

    Raises:
        InvalidRequest: The table is malformed.
    """
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise InvalidRequest(f"Alias table: not valid YAML: {error}. Correct the file.") from error
    if not isinstance(document, dict):
        raise InvalidRequest("Alias table: it must be a mapping from a name to what stands for it.")
    return {str(name): _alias(str(name), value) for name, value in document.items()}


def _alias(name: str, value: Any) -> EnvironmentRequest:  # Any: YAML
    if isinstance(value, str):
        return EnvironmentRequest(curated=value) if find_recipe(value) else EnvironmentRequest(image=value)
    if not isinstance(value, dict) or not value or not set(value) <= {"image", "conda", "requirements", "curated"}:
        raise InvalidRequest(
            f"Alias table: {name!r} is {value!r}; give a name, or a mapping with image, conda, requirements or curated."
        )
    if isinstance(value.get("requirements"), list):
        value = {**value, "requirements": "\n".join(map(str, value["requirements"]))}
    return EnvironmentRequest(**value)


def _apply_alias(request: EnvironmentRequest, aliases: Aliases) -> EnvironmentRequest:
    if request.build_context is not None:
        return request
    for name, target in aliases.items():
        if any(_names(name, spelling) for spelling in _spellings(request)):
            return replace(
                target,
                conda=request.conda or target.conda,
                requirements=request.requirements or target.requirements,
                environment_name=request.environment_name,
            )
    return request


def _spellings(request: EnvironmentRequest) -> set[str]:
    found = {request.curated or "", request.image or "", request.environment_name or ""}
    if request.image:
        repository, tag = split_image(request.image)
        found |= {repository, f"{repository}:{tag}"}
    return found - {""}


def _names(pattern: str, spelling: str) -> bool:
    return fnmatchcase(spelling.lower(), pattern.lower())


def _add_build_context(request: EnvironmentRequest, draft: _Draft) -> None:
    assert request.build_context is not None
    read = read_dockerfile(request.build_context, request.dockerfile, draft.notes)
    adds = bool(read.requirements)
    _add_image(read.image, draft, packages_elsewhere=adds)
    draft.notes.mention("The Dockerfile is read, not run: the packages that it installs are installed here.")
    draft.python = read.python or draft.python
    draft.requirements += read.requirements
    draft.constraints += read.constraints


def _add_curated(name: str, draft: _Draft) -> None:
    recipe = find_recipe(name)
    if recipe is None:
        raise Unsupported(
            f"There is no recipe for the curated environment {name!r}. Use one such as sklearn-1.5, write the packages "
            "into a conda_file, or have the operator add an alias for it."
        )
    draft.python = recipe.python
    draft.requirements += recipe.requirements
    draft.notes.mention(f"Curated environment {name!r}: a local environment with its main packages stands for it.")
    if recipe.remark:
        draft.notes.mention(recipe.remark)


def _add_image(image: str, draft: _Draft, *, packages_elsewhere: bool) -> None:
    meaning = understand_image(image)
    match meaning.kind:
        case ImageKind.OTHER_LANGUAGE:
            raise Unsupported(
                f"Image {image!r} runs {meaning.language}, and only Python environments can be made without a "
                "container engine. Run the job on a compute with containers."
            )
        case ImageKind.CURATED if not packages_elsewhere and meaning.curated:
            _add_curated(meaning.curated, draft)
        case ImageKind.UNKNOWN if not packages_elsewhere:
            raise _unknown_image(image, meaning)
        case ImageKind.BASE if meaning.cuda and not packages_elsewhere:
            raise _unknown_image(image, meaning)
        case ImageKind.UNKNOWN | ImageKind.CURATED:
            draft.notes.substitute(
                f"Image {image!r} is not used, as no container engine is; only the packages of the conda file or "
                "requirements are installed."
            )
        case _:
            draft.python = meaning.python
    if meaning.kind is ImageKind.BASE:
        draft.notes.mention(f"Image {image!r} is not run, as no container engine is used; this machine stands for it.")
    if meaning.cuda:
        draft.notes.substitute(f"Image {image!r}: its CUDA libraries are not provided.")
    if meaning.inference_server and not packages_elsewhere:
        draft.requirements.append(_INFERENCE_SERVER)


def _unknown_image(image: str, meaning: ImageMeaning) -> Unsupported:
    what = "is a CUDA image" if meaning.cuda else "is not known, so what it contains cannot be told"
    return Unsupported(
        f"Image {image!r} {what}, and there is no container engine here. Add a conda_file with the packages the code "
        "needs, use an image such as python:3.11, or have the operator add an alias for it."
    )


def _add_conda(
    request: EnvironmentRequest, draft: _Draft, program: str | None, has_python: Callable[[str], bool]
) -> None:
    context = request.build_context
    include = (lambda path: read_context_file(context, path)) if context else None
    if program is not None:
        read = read_for_program(request.conda or "", notes=draft.notes, include=include)
        reason = read.reason(has_python)
        if reason is not None:
            draft.notes.mention(
                f"The conda file is installed by {program}, as {reason}; uv adds what pip is to install."
            )
            draft.conda = read.recipe(draft.python)
            draft.python = read.python or draft.python
            draft.requirements += read.requirements
            draft.constraints += read.constraints
            return
    found = read_conda(request.conda or "", notes=draft.notes, include=include)
    draft.python = found.python or draft.python
    draft.requirements += found.requirements
    draft.constraints += found.constraints


def _add_requirements(request: EnvironmentRequest, draft: _Draft) -> None:
    context = request.build_context
    include = (lambda path: read_context_file(context, path)) if context else None
    found = read_requirements(request.requirements or "", source="requirements", include=include)
    draft.requirements += found.requirements
    draft.constraints += found.constraints


def _finish(draft: _Draft) -> Recipe:
    requirements = list(dict.fromkeys(draft.requirements))
    named = {name_of(line) for line in requirements}
    requirements += [name for name in ALWAYS if name not in named]
    added = known_constraints(requirements, python=draft.python)
    relevant = [line for line in added if not line.startswith("opentelemetry")]  # only matters deep below
    if relevant:
        draft.notes.mention(f"Added, as the packages break without: {', '.join(relevant)}.")
    return Recipe(
        python=draft.python,
        requirements=tuple(requirements),
        constraints=tuple(dict.fromkeys([*draft.constraints, *added])),
        notes=tuple(draft.notes.lines),
        policy=draft.notes.policy,
        conda=draft.conda,
    )
