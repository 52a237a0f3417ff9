import pytest

from smalt.environments import EnvironmentRequest, SubstitutionPolicy, plan, read_aliases
from smalt.environments.requirements import name_of
from smalt.errors import InvalidRequest, Unsupported

_BASE = {"pip", "setuptools", "wheel"}


def planned(**request):
    return plan(EnvironmentRequest(**request))


def packages(recipe):
    return [line for line in recipe.requirements if line not in _BASE]


@pytest.mark.parametrize(
    ("image", "python"),
    [
        ("python", None),
        ("python:latest", None),
        ("docker.io/python", None),
        ("library/python:3.11.6", "3.11"),
        ("python:3.8", "3.8"),
        ("docker.io/library/python:3.10-slim-bookworm", "3.10"),
        ("python:3.12@sha256:00ff", "3.12"),
    ],
)
def test_images_that_are_only_a_python_become_an_empty_environment(image, python):
    recipe = planned(image=image)

    assert recipe.python == python
    assert set(recipe.requirements) == _BASE
    assert recipe.notes == ()


@pytest.mark.parametrize("image", ["mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04", "continuumio/miniconda3"])
def test_an_operating_system_becomes_an_empty_environment_and_that_is_said(image):
    recipe = planned(image=image)

    assert set(recipe.requirements) == _BASE
    assert recipe.notes == (f"Image {image!r} is not run, as no container engine is used; this machine stands for it.",)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("contoso.azurecr.io/train:7", "is not known"),
        ("mcr.microsoft.com/azureml/openmpi5.0-cuda12.4-ubuntu22.04:latest", "CUDA image"),
        ("nvidia/cuda:12.4", "CUDA image"),
        ("rocker/tidyverse:4.3", "runs R"),
        ("julia:1.10", "runs Julia"),
    ],
)
def test_images_that_cannot_be_honoured_are_refused_with_the_reason(image, reason):
    with pytest.raises(Unsupported, match=reason) as failure:
        planned(image=image)

    assert image in failure.value.message


@pytest.mark.parametrize(
    "name",
    [
        "sklearn-1.5",
        "AzureML-sklearn-1.5",
        "azureml:AzureML-sklearn-1.5@latest",
        "AzureML-sklearn-1.5:12",
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        "azureml://registries/azureml/environments/sklearn-1.5/versions/24",
    ],
)
def test_every_spelling_of_a_curated_name_gives_the_same_recipe(name):
    recipe = planned(curated=name)

    assert recipe.key == planned(image="mcr.microsoft.com/azureml/curated/sklearn-1.5:3").key
    assert recipe.python == "3.10"
    assert "scikit-learn~=1.5.0" in recipe.requirements


@pytest.mark.parametrize(
    "name",
    [
        "AzureML-lightgbm-3.3",
        "tensorflow-2.16-cuda12",
        "acpt-pytorch-2.8-cuda12.6",
        "responsibleai-tabular",
        "AzureML-AutoML@prod",
        "sklearn-1.0-ubuntu20.04-py38-cpu",
        "azureml://registries/azureml/environments/mldesigner-minimal/labels/latest",
    ],
)
def test_curated_families_have_recipes(name):
    assert packages(planned(curated=name))


def test_steps_that_are_python_functions_can_write_their_plain_values_to_their_run():
    full, minimal = (
        {name_of(line) for line in packages(planned(curated=name))} for name in ("mldesigner", "mldesigner-minimal")
    )

    assert full == {"mldesigner", "azure-ai-ml", "mlflow-skinny"}
    assert minimal == {"mldesigner"}


def test_an_unknown_curated_name_says_what_to_do():
    with pytest.raises(Unsupported, match=r"no recipe .* 'model-evaluation'.*conda_file"):
        planned(curated="model-evaluation")


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=2.3.1", "numpy==2.3.1"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy==1.26.*", "numpy==1.26.*"),
        ("numpy 1.26.4 py310_0", "numpy==1.26.4"),
        ("numpy=1.26.4=py310_0", "numpy==1.26.4"),
        ("numpy>=1.21,<2", "numpy>=1.21,<2"),
        ("numpy >= 1.21, < 2", "numpy>=1.21,<2"),
        ("numpy[version='>=1.21']", "numpy>=1.21"),
        ("conda-forge::numpy=1.26.4", "numpy==1.26.4"),
        ("pip=21.2.4", "pip==21.2.4"),
        ("pip<=23.2.1", "pip<=23.2.1"),
        ("pytorch=2.2.1", "torch==2.2.1"),
        ("opencv", "opencv-python-headless"),
        ("py-xgboost=1.7", "xgboost==1.7.*"),
        ("matplotlib-base", "matplotlib"),
    ],
)
def test_conda_packages_become_pip_requirements(spec, requirement):
    assert requirement in planned(conda={"dependencies": [spec]}).requirements


@pytest.mark.parametrize(
    ("spec", "python"),
    [
        ("python=3.8", "3.8"),
        ("python=3.10.13", "3.10"),
        ("python==3.9.*", "3.9"),
        ("python 3.12", "3.12"),
        ("python>=3.6,<3.9", "3.8"),
        ("python>=3.7", None),
        ("python=3", None),
        ("python", None),
    ],
)
def test_the_python_of_a_conda_file_is_understood(spec, python):
    assert planned(conda={"dependencies": [spec, "numpy"]}).python == python


def test_a_conda_file_as_written_by_people_is_realised_with_notes():
    conda = """
name: mixed
channels: [conda-forge, defaults]
dependencies:
  - python=3.8
  - pip=21.2.4
  - pip:
    - scikit-learn==0.24.2   # an old one
    - mlflow
    - pandas>=1.1,<1.2
  - pandas=1.2.0
  - cpuonly
  - cudatoolkit=11.3
  - openjdk=8
"""

    recipe = planned(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest", conda=conda)

    assert "scikit-learn==0.24.2" in recipe.requirements
    assert {"numpy<2", "mlflow<3", "mlflow-skinny<3", "opentelemetry-sdk<1.30"} == set(recipe.constraints)
    assert any("cudatoolkit=11.3" in note for note in recipe.notes)
    assert any("openjdk=8" in note and "not a Python package" in note for note in recipe.notes)


def test_the_pip_part_has_the_last_word_on_a_version():
    recipe = planned(conda={"dependencies": ["numpy=1.20.0", "scipy", {"pip": ["NumPy==1.22.4"]}]})

    assert packages(recipe) == ["scipy", "NumPy==1.22.4"]


@pytest.mark.parametrize(
    ("requirement", "constraints"),
    [
        ("mlflow", ("mlflow<3", "mlflow-skinny<3")),
        ("mlflow>=2.8", ("mlflow<3", "mlflow-skinny<3")),
        ("mlflow>=3.1", ()),
        ("mlflow-skinny==2.22.0", ()),
        ("scikit-learn<1.3", ("numpy<2",)),
        ("scikit-learn~=1.5", ()),
        ("pandas<2.0", ("numpy<2",)),
        ("pandas>=2", ()),
    ],
)
def test_constraints_that_metadata_forgets_are_added(requirement, constraints):
    assert planned(requirements=requirement).constraints == constraints


@pytest.mark.parametrize(
    "line",
    [
        "../secret",
        "/etc/passwd",
        "file:///etc/passwd",
        "pkg @ file:///x.whl",
        "-e .",
        "-r other.txt",
        "-f /srv",
        "a\\b",
    ],
)
def test_requirements_that_reach_for_files_are_refused(line):
    with pytest.raises((Unsupported, InvalidRequest)):
        planned(requirements=line)


def test_requirements_cannot_read_the_resolvers_variables():
    with pytest.raises(InvalidRequest, match="uses a variable"):
        planned(requirements="x @ https://example.org/${UV_INDEX_PASSWORD}/x.whl")


@pytest.mark.parametrize("conda", ["- a\n- b", "dependencies: {a: b}", "a: [", {"dependencies": [{"npm": []}]}])
def test_what_is_no_conda_file_is_a_client_error(conda):
    with pytest.raises(InvalidRequest, match="conda file"):
        planned(conda=conda)


def test_the_strict_policy_refuses_what_would_only_be_noted():
    request = EnvironmentRequest(image="python", conda={"dependencies": ["cudatoolkit=11.3"]})

    with pytest.raises(Unsupported, match=r"cudatoolkit.*strict"):
        plan(request, policy=SubstitutionPolicy.STRICT)


def test_an_operator_alias_gives_an_unknown_image_a_meaning():
    aliases = read_aliases("contoso.azurecr.io/train*: sklearn-1.5\npytorch/pytorch: {requirements: [torch==2.6.0]}")

    known = plan(EnvironmentRequest(image="contoso.azurecr.io/train:7"), aliases=aliases)
    listed = plan(EnvironmentRequest(image="pytorch/pytorch:latest"), aliases=aliases)

    assert known.key == planned(curated="sklearn-1.5").key
    assert packages(listed) == ["torch==2.6.0"]


def test_the_key_depends_on_content_and_not_on_notes():
    assert planned(image="python").key == planned(image="docker.io/python:latest").key
    assert planned(image="python").key != planned(image="python:3.8").key


def test_an_environment_without_anything_is_refused():
    with pytest.raises(InvalidRequest, match=r"'mine' has neither image"):
        planned(environment_name="mine")
