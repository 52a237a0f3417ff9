import pytest

from smalt.environments import EnvironmentRequest, plan
from smalt.errors import InvalidRequest, Unsupported


@pytest.fixture
def build(tmp_path):
    def plan_context(dockerfile, **files):
        (tmp_path / "Dockerfile").write_text(dockerfile)
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text)
        return plan(EnvironmentRequest(build_context=tmp_path))

    return plan_context


def test_copied_requirements_are_installed_on_the_base_python(build):
    recipe = build(
        "# a comment\nFROM python:3.8\nCOPY requirements.txt .\n"
        'RUN pip install -r requirements.txt && rm requirements.txt\nCMD ["bash"]\n',
        requirements__txt="six==1.16.0\nidna>=3\n",
    )

    assert recipe.python == "3.8"
    assert recipe.requirements[:2] == ("six==1.16.0", "idna>=3")


def test_conda_files_continuations_arguments_and_stages_are_followed(build):
    recipe = build(
        "ARG TAG=3.10-slim\nFROM python:${TAG} AS build\nRUN python -m pip install --no-cache-dir 'idna<4' \\\n"
        "    six && apt-get install -y gcc\nFROM build\nWORKDIR /srv\nCOPY . /srv/app\n"
        "RUN conda env update -n base -f app/conda.yaml\n",
        conda__yaml="dependencies: [python=3.9, {pip: [-r extra.txt]}]",
        extra__txt="attrs\n",
    )

    assert recipe.python == "3.9"
    assert recipe.requirements[:3] == ("idna<4", "six", "attrs")


def test_a_line_that_needs_a_container_is_noted(build):
    recipe = build("FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04\nRUN apt-get update\nRUN pip install six\n")

    assert "six" in recipe.requirements
    assert any("`apt-get update` is not run" in note for note in recipe.notes)


@pytest.mark.parametrize("command", ["apt-get install -y r-base", "julia -e 'using Pkg'", "Rscript setup.R"])
def test_other_languages_are_refused(build, command):
    with pytest.raises(Unsupported, match="only Python environments"):
        build(f"FROM ubuntu:22.04\nRUN {command}\n")


def test_an_unknown_base_without_packages_is_refused(build):
    with pytest.raises(Unsupported, match=r"contoso.azurecr.io/base"):
        build("FROM contoso.azurecr.io/base\n")


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd", "missing.txt"])
def test_files_outside_the_context_are_never_read(build, path):
    with pytest.raises(InvalidRequest):
        build(f"FROM python:3.11\nCOPY {path} r.txt\nRUN pip install -r r.txt\n")


def test_a_link_out_of_the_context_is_not_followed(build, tmp_path):
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("six\n")
    (tmp_path / "r.txt").symlink_to(outside)

    with pytest.raises(InvalidRequest, match="outside the build context"):
        build("FROM python:3.11\nCOPY r.txt .\nRUN pip install -r r.txt\n")


def test_a_missing_dockerfile_is_named(tmp_path):
    with pytest.raises(InvalidRequest, match="no file 'docker/Dockerfile'"):
        plan(EnvironmentRequest(build_context=tmp_path, dockerfile="./docker/Dockerfile"))
