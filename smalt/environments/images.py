"""What the name of a container image says about the Python inside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class ImageKind(StrEnum):
    """What an image stands for here."""

    PYTHON = "python"
    """A plain interpreter: an empty environment is the same."""
    BASE = "base"
    """An operating system with build tools; packages are added by a conda file."""
    CURATED = "curated"
    """A known stack with a recipe."""
    OTHER_LANGUAGE = "other language"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ImageMeaning:
    """An image, understood.

    Attributes:
        kind: What it stands for.
        python: The minor version it has, if its name tells.
        curated: The name of the recipe that stands for it.
        cuda: Whether it promises the CUDA libraries.
        inference_server: Whether it brings the inference HTTP server.
        language: The language when it is not Python.
    """

    kind: ImageKind
    python: str | None = None
    curated: str | None = None
    cuda: bool = False
    inference_server: bool = False
    language: str | None = None


_DOCKER_HUB = re.compile(r"^(?:(?:registry-1\.|index\.)?docker\.io/)?(?:library/)?")
_AZUREML_BASE = re.compile(
    r"^mcr\.microsoft\.com/azureml/(?:openmpi|intelmpi|base|minimal|mlflow|inference|o16n|aifx|aca)[\w.-]*$"
)
_PLAIN_BASES = {"alpine", "buildpack-deps", "debian", "fedora", "ubuntu"}
_CONDA_BASES = re.compile(
    r"^(?:continuumio/(?:mini|ana)conda3|condaforge/(?:mambaforge|miniforge3)|mambaorg/micromamba)$"
)
_PYTHON_IMAGES = re.compile(r"^(?:python|mcr\.microsoft\.com/(?:vscode/)?devcontainers/python)$")
_OTHER_LANGUAGES = (
    (re.compile(r"^(?:r-base|rocker/.*|rstudio/.*|.*[/_-]r[_-]?server)$"), "R"),
    (re.compile(r"^(?:.*/)?julia$"), "Julia"),
)


def split_image(image: str) -> tuple[str, str]:
    """Repository and tag of an image reference; the tag is empty when it has none, and a digest is dropped."""
    name = image.strip().removeprefix("docker://").split("@")[0]
    head, slash, last = name.rpartition("/")
    repository, _, tag = last.partition(":")
    return _DOCKER_HUB.sub("", head + slash + repository), tag


def understand_image(image: str) -> ImageMeaning:
    """Tell what an image stands for by its name alone."""
    repository, tag = split_image(image)
    lowered = repository.lower()
    for pattern, language in _OTHER_LANGUAGES:
        if pattern.match(lowered):
            return ImageMeaning(ImageKind.OTHER_LANGUAGE, language=language)
    if _PYTHON_IMAGES.match(lowered):
        return ImageMeaning(ImageKind.PYTHON, python=_minor_of_tag(tag))
    if lowered.startswith("mcr.microsoft.com/azureml/curated/"):
        return ImageMeaning(ImageKind.CURATED, curated=lowered.rpartition("/")[2], cuda="cuda" in lowered)
    if lowered.startswith("mcr.microsoft.com/azureml/promptflow/"):
        return ImageMeaning(ImageKind.CURATED, curated="promptflow")
    if lowered in {"pytorch/pytorch", "tensorflow/tensorflow"}:
        version = re.match(r"\d+\.\d+", tag)
        family = lowered.partition("/")[0]
        return ImageMeaning(ImageKind.CURATED, curated=f"{family}-{version[0]}" if version else family)
    if lowered in _PLAIN_BASES or _CONDA_BASES.match(lowered) or _AZUREML_BASE.match(lowered):
        python = re.search(r"py(3)(\d{1,2})(?!\d)", lowered)
        return ImageMeaning(
            ImageKind.BASE,
            python=f"{python[1]}.{python[2]}" if python else None,
            cuda=bool(re.search(r"cuda|cudnn|gpu", lowered)),
            inference_server="inference" in lowered,
        )
    return ImageMeaning(ImageKind.UNKNOWN, cuda=bool(re.search(r"cuda|nvidia", lowered + tag.lower())))


def _minor_of_tag(tag: str) -> str | None:
    match = re.match(r"^(?:\d+-)?(3\.\d{1,2})(?:\.\d+)?(?:[a-z-].*)?$", tag)
    return match[1] if match else None
