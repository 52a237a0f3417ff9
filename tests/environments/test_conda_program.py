import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from smalt.environments import (
    EnvironmentBuildFailed,
    EnvironmentCache,
    EnvironmentRequest,
    EnvironmentUnresolvable,
    IndexUnreachable,
    find_conda,
    overlay,
    plan,
)
from smalt.errors import InvalidRequest, Unavailable, Unsupported
from tests.environments.conda_channel import MINOR, make_channel


def silent(line):
    pass


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture
def program(tmp_path, monkeypatch, downloads):
    """A conda program that is first on PATH: a stand-in, or the real one that SMALT_TEST_CONDA names."""
    folder = tmp_path / "programs"
    folder.mkdir()
    real = os.environ.get("SMALT_TEST_CONDA")
    if real:
        (folder / "micromamba").symlink_to(real)
    else:
        shutil.copyfile(Path(__file__).with_name("fake_conda.py"), folder / "micromamba")
    (folder / "micromamba").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UV_CACHE_DIR", str(downloads))
    return find_conda("auto")


@pytest.fixture
def channel(tmp_path):
    return make_channel(tmp_path / "channel")


@pytest.fixture
def cache(tmp_path, wheel, program):
    wheel("tiny", "1.0")
    return EnvironmentCache(tmp_path / "environments", find_links=[str(wheel("plain", "1.5"))], conda=program)


def planned(channel, *packages, conda="micromamba", **more):
    document = {"channels": [channel] if channel else [], "dependencies": list(packages)}
    return plan(EnvironmentRequest(conda=document), conda=conda, **more)


@pytest.fixture
def recipe(channel):
    return replace(planned(channel, "ffmpeg=5", "plain"), requirements=("tiny", "pip"))


def test_a_conda_file_with_a_native_package_is_left_to_the_program_and_one_without_to_pypi():
    native = planned(None, "python=3.10", "ffmpeg=5", "numpy=1.26", {"pip": ["tiny==1.0"]})
    usual = planned("conda-forge", "python=3.10", "numpy=1.26")

    assert native.conda.specs == ("python=3.10", "ffmpeg=5", "numpy=1.26")
    assert "numpy" not in " ".join(native.requirements)
    assert "tiny==1.0" in native.requirements
    assert native.notes == (
        "The conda file is installed by micromamba, as PyPI does not have ffmpeg; uv adds what pip is to install.",
    )
    assert usual.conda is None
    assert "numpy==1.26.*" in usual.requirements


@pytest.mark.parametrize(
    ("channel", "package", "reason"),
    [
        ("bioconda", "numpy", "it names the channel bioconda"),
        ("https://conda.anaconda.org/bioconda/", "numpy", "it names the channel https://conda.anaconda.org/bioconda/"),
        (None, "bioconda::numpy", "it names the channel bioconda"),
        (None, "python=3.8", "Python 3.8 is not on this machine"),
    ],
)
def test_an_unusual_channel_or_a_missing_python_is_a_reason_too(channel, package, reason):
    recipe = planned(channel, package, has_python=lambda version: False)

    assert reason in recipe.notes[0]


@pytest.mark.parametrize("package", ["--file=/etc/passwd", "-c::x", "../x.conda", "https://host.invalid/x.conda"])
def test_a_package_cannot_be_an_option_a_path_or_an_address(package):
    with pytest.raises(InvalidRequest, match="is not a package"):
        planned(None, "ffmpeg", package)


@pytest.mark.parametrize("channel", ["--json", "-x", "a b", 7])
def test_a_channel_cannot_be_an_option(channel):
    with pytest.raises(InvalidRequest, match="is no channel"):
        planned(channel, "ffmpeg")


def test_the_files_own_variables_are_named_as_not_set():
    document = {"dependencies": ["ffmpeg"], "variables": {"A": "1"}}
    notes = plan(EnvironmentRequest(conda=document), conda="micromamba").notes

    assert [note for note in notes if "`variables` are not set" in note]


def test_without_leave_a_native_package_is_only_named_as_before():
    recipe = planned(None, "ffmpeg", conda=None)

    assert recipe.conda is None
    assert "'ffmpeg' is left out" in recipe.notes[0]


def test_a_program_that_was_chosen_and_is_not_here_is_refused(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert find_conda("off") is find_conda("auto") is None
    with pytest.raises(Unavailable, match="--conda mamba: there is no program 'mamba' on PATH"):
        find_conda("mamba")


def test_native_programs_conda_packages_and_the_pip_part_work_together(cache, recipe, tmp_path, run):
    built = cache.build(recipe, silent)
    layer = overlay(built, tmp_path / "layer")

    lock = Path(built.lock).read_text()
    assert "ffmpeg-5.0-0.tar.bz2#" in lock
    assert "# sha256 " in lock
    assert "tiny==1.0 \\\n    --hash=sha256:" in lock
    assert run(layer, built, "ffmpeg") == f"ffmpeg 5.0 of {built.prefix}"
    assert run(layer, built, "python -c 'import plain, tiny; print(plain.VERSION, tiny.VERSION)'") == "1.5 1.0"
    assert run(layer, built, "plain") == "1.5"
    assert built.python_version.startswith(MINOR)
    assert built.variables == {"CONDA_PREFIX": str(built.prefix), "FFMPEG_DATA": f"{built.prefix}/share/ffmpeg"}


def test_what_a_job_installs_on_conda_packages_stays_in_its_overlay(cache, recipe, tmp_path, wheel, run):
    wheel("plain", "2.0")
    built = cache.build(recipe, silent)
    first, second = (overlay(built, tmp_path / name) for name in ("first", "second"))

    run(first, built, "pip install --no-index --upgrade plain", **cache.job_variables())

    assert run(first, built, "plain") == "2.0"
    assert run(second, built, "plain") == "1.5"


def test_a_version_that_conda_brings_is_kept_by_the_pip_part(cache, channel, wheel):
    wheel("plain", "2.0")
    recipe = planned(channel, "ffmpeg", "plain", {"pip": ["plain"]})
    built = cache.build(replace(recipe, requirements=("plain",)), silent)

    assert "plain==1.5" in Path(built.lock).read_text()
    assert (built.prefix / "lib" / f"python{MINOR}" / "site-packages" / "plain-1.5.dist-info").exists()


def test_a_collected_one_comes_back_without_network_or_resolve(cache, recipe, tmp_path, program):
    built = cache.build(recipe, silent)
    assert cache.collect_garbage(unused_seconds=0) == [built.key]
    assert not built.prefix.exists()
    shutil.rmtree(tmp_path / "channel")
    offline = EnvironmentCache(cache._root, offline=True, find_links=cache._find_links, conda=program)
    lines = []

    again = offline.build(recipe, lines.append)

    assert again == built
    assert not [line for line in lines if "esolv" in line]
    assert (again.prefix / "bin" / "ffmpeg").exists()


def test_those_who_wait_share_it_and_what_an_interrupted_build_left_is_collected(cache, recipe, monkeypatch):
    lines = []
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: cache.build(recipe, lines.append), range(2))
    monkeypatch.setattr("subprocess.Popen", None)
    assert first == second == cache.find(recipe)
    assert lines.count("Installing packages.") == 1

    (first.prefix / "environment.json").unlink()

    assert cache.find(recipe) is None
    assert cache.list() == []
    cache.collect_garbage(unused_seconds=3600)
    assert not first.prefix.exists()


def test_a_package_that_is_not_the_locked_one_is_refused(cache, recipe, tmp_path):
    built = cache.build(recipe, silent)
    cache.collect_garbage(unused_seconds=0)
    shutil.rmtree(cache._root / "conda")
    shutil.copyfile(
        tmp_path / "channel" / "linux-64" / "ffmpeg-6.1-0.tar.bz2",
        tmp_path / "channel" / "linux-64" / "ffmpeg-5.0-0.tar.bz2",
    )

    with pytest.raises(EnvironmentBuildFailed, match=r"ffmpeg.*5\.0"):
        cache.build(recipe, silent)

    assert not built.prefix.exists()


def test_failures_carry_the_programs_words(cache, channel, tmp_path):
    with pytest.raises(EnvironmentUnresolvable, match=r"micromamba cannot resolve(.|\n)*ffmpeg"):
        cache.build(planned(channel, "ffmpeg=9"), silent)
    with pytest.raises(IndexUnreachable, match="micromamba cannot fetch"):
        cache.build(planned("http://127.0.0.1:9/none", "ffmpeg"), silent)


def test_a_server_without_the_program_says_so(recipe, tmp_path):
    with pytest.raises(Unsupported, match="--conda"):
        EnvironmentCache(tmp_path / "none").build(recipe, silent)
