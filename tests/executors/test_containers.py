"""What a container engine is asked, by one that writes it down; what becomes of it is in tests/containers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from smalt.environments import EnvironmentCache, EnvironmentRequest, SubstitutionPolicy, find_engine, plan
from smalt.environments.errors import EnvironmentBuildFailed
from smalt.errors import InvalidRequest, Unavailable, Unsupported
from smalt.executors import Container, Distribution, Mount, Reason


class Engine:
    """The engine on PATH, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        shutil.copy(Path(__file__).with_name("fake_engine.py"), folder / "podman")
        (folder / "podman").chmod(0o755)

    @property
    def asked(self) -> list[dict[str, Any]]:
        path = self.folder / "asked.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def verbs(self) -> list[str]:
        return [asked["verb"] for asked in self.asked]

    def container(self, *options: str) -> Container:
        return Container("podman", str(self.folder / "podman"), "the-image", options)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    found = Engine(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{found.folder}:/usr/bin:/bin")
    return found


@pytest.fixture
def cache(tmp_path, engine):
    return EnvironmentCache(tmp_path / "environments", engine=find_engine("auto"))


def test_a_command_runs_inside_with_its_variables_folder_and_log(bench, engine):
    variables = {"MINE": "two\nlines", "PATH": "/inside/bin:/usr/bin:/bin", "SECRET": "s3cret"}

    state, log = bench.run(
        'echo "$IN_CONTAINER $MINE $PATH"; echo kept > outputs/x', container=engine.container(),
        environment_variables=variables, header=("Runs in a container.",),
    )  # fmt: skip

    (asked,) = engine.asked
    options = dict(asked["options"])
    assert state.reason is Reason.COMPLETED
    assert log == "smalt: Runs in a container.\nyes two\nlines /inside/bin:/usr/bin:/bin\n"
    assert (options["--network"], options["--workdir"], asked["image"]) == (
        "host",
        str(bench.root / "job/wd"),
        "the-image",
    )
    assert (bench.folder / "artifacts/job/outputs/x").read_text() == "kept\n"
    assert "s3cret" not in json.dumps(asked["options"])


def test_inputs_may_only_be_read_and_outputs_be_written(bench, engine, tmp_path):
    (tmp_path / "in").mkdir()
    mounts = (
        Mount("i", "input", "uri_folder", "ro_mount", str(tmp_path / "in"), "azureml://i"),
        Mount("o", "output", "uri_folder", "rw_mount", str(tmp_path / "a,b"), "azureml://o"),
        Mount("f", "output", "uri_file", "rw_mount", str(tmp_path / "new" / "f.csv"), "azureml://f"),
    )

    bench.run("echo x > {{smalt:output:f}}", mounts=mounts, container=engine.container())

    shown = [value for name, value in engine.asked[0]["options"] if name == "--mount"]
    assert f"type=bind,source={tmp_path}/in,target={tmp_path}/in,readonly" in shown
    assert f'type=bind,"source={tmp_path}/a,b","target={tmp_path}/a,b"' in shown
    assert f"type=bind,source={tmp_path}/new,target={tmp_path}/new" in shown


def test_a_stop_reaches_what_is_inside_and_its_handler(bench, engine):
    handle = bench.start(
        "trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.01; done", container=engine.container()
    )
    bench.until_line(handle, "up")

    bench.executor.stop(handle, grace_seconds=30)

    assert bench.end(handle).reason is Reason.CANCELED
    assert bench.executor.logs(handle) == b"up\nasked\n"
    assert engine.verbs() == ["run"]


def test_every_rank_has_a_container_of_its_own(bench, engine):
    bench.run(
        "echo $RANK", container=engine.container(), distribution=Distribution("pytorch", processes_per_instance=2)
    )

    assert sorted(dict(asked["options"])["--name"][-2:] for asked in engine.asked) == ["-0", "-1"]
    assert all("export WORLD_SIZE='2'" in asked["told"] for asked in engine.asked)


def test_an_image_is_pulled_once_and_known_by_its_id(cache, engine):
    recipe = plan(EnvironmentRequest(image="docker.io/r-base:4"), containers=True)

    assert cache.find(recipe) is None
    built = cache.build(recipe, print)

    assert (built.image, cache.find(recipe)) == ("id-of-docker.io/r-base:4", built)
    cache.build(recipe, print)
    assert engine.verbs().count("pull") == 1


def test_a_build_context_is_built_when_its_content_changes(cache, engine, tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM r-base:4\nCOPY a /a\n")
    (context / "a").write_text("1")
    first = plan(EnvironmentRequest(build_context=context), containers=True)
    cache.build(first, print)
    (context / "a").write_text("2")
    second = plan(EnvironmentRequest(build_context=context), containers=True)

    assert first.key != second.key
    assert cache.find(first) is not None
    assert cache.build(second, print).image != cache.find(first).image
    assert engine.verbs().count("build") == 2


def test_a_conda_file_is_added_to_its_image(cache, engine):
    conda = {"dependencies": ["python=3.11", "r-base"]}
    recipe = plan(EnvironmentRequest(image="mcr.microsoft.com/azureml/openmpi", conda=conda), containers=True)

    assert "smalt-conda" in cache.build(recipe, print).image
    assert [verb for verb in engine.verbs() if verb != "image"] == ["pull", "build"]


def test_an_image_that_cannot_be_had_fails_with_the_words_of_the_engine(cache):
    recipe = plan(EnvironmentRequest(image="missing:1"), containers=True)

    with pytest.raises(EnvironmentBuildFailed, match="no such image in any registry"):
        cache.build(recipe, print)


@pytest.mark.parametrize("image", ["--privileged", "a b", "", "x\ny"])
def test_an_image_has_the_name_of_one(image):
    with pytest.raises(InvalidRequest):
        plan(EnvironmentRequest(image=image), containers=True)


def test_a_dockerfile_is_inside_its_context(tmp_path):
    with pytest.raises(InvalidRequest, match="outside the build context"):
        plan(EnvironmentRequest(build_context=tmp_path, dockerfile="../Dockerfile"), containers=True)


def test_containers_are_used_when_asked_for_and_here(engine, monkeypatch, tmp_path):
    recipe = plan(EnvironmentRequest(image="a"), containers=True, policy=SubstitutionPolicy.STRICT)

    assert find_engine("off") is None
    assert find_engine("podman").program == str(engine.folder / "podman")
    with pytest.raises(Unavailable, match="no program 'docker'"):
        find_engine("docker")
    with pytest.raises(Unsupported, match="without containers"):
        EnvironmentCache(tmp_path / "none").find(recipe)
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_engine("auto") is None
