import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smalt.environments import (
    EnvironmentCache,
    EnvironmentNotFound,
    EnvironmentUnresolvable,
    IndexUnreachable,
    Recipe,
)
from smalt.environments.index import pip_settings, resolver_variables
from smalt.environments.interpreters import find_interpreter, installed_interpreters
from smalt.environments.request import SubstitutionPolicy
from smalt.errors import InvalidRequest, Unsupported

_BUILD = """
import sys
from pathlib import Path
from smalt.environments import EnvironmentCache, Recipe
cache = EnvironmentCache(Path(sys.argv[1]), find_links=[sys.argv[2]])
print("ready", flush=True)
sys.stdin.readline()
lines = []
print(cache.build(Recipe(None, ("tiny==1.0", "pip")), lines.append).key, "Installing packages." in lines)
"""


def silent(line):
    pass


def test_an_environment_is_built_once_and_then_found_without_a_process(cache, recipe, monkeypatch):
    assert cache.find(recipe) is None
    built = cache.build(recipe, silent)
    monkeypatch.setattr(subprocess, "Popen", None)

    found = cache.find(recipe)

    assert found == built == cache.build(recipe, silent)
    assert found.notes == ("a note",)
    assert "tiny==1.0" in Path(found.lock).read_text()
    assert "--hash=sha256:" in Path(found.lock).read_text()


@pytest.fixture
def alone(monkeypatch) -> None:
    """A machine without a package index."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


def test_without_an_index_what_asks_for_no_package_has_the_pip_of_its_python(tmp_path, alone):
    cache = EnvironmentCache(tmp_path / "environments")

    built = cache.build(Recipe(None, ("pip", "setuptools", "wheel")), silent)

    assert [note.split(":")[0] for note in built.notes] == ["No package index is reachable"]
    first = {**os.environ, "PATH": f"{built.prefix / 'bin'}:{os.environ['PATH']}"}
    told = subprocess.run(["pip", "--version"], capture_output=True, text=True, check=True, env=first).stdout
    assert str(built.prefix) in told


def test_what_was_made_without_an_index_asks_for_one_again_after_an_hour(tmp_path, alone):
    cache, bare = EnvironmentCache(tmp_path / "environments"), Recipe(None, ("pip", "setuptools", "wheel"))
    built = cache.build(bare, silent)
    assert cache.find(bare) == built

    (written,) = (tmp_path / "environments" / "recipes").iterdir()
    os.utime(written, (0, 0))
    assert cache.find(bare) is None
    lines: list[str] = []
    again = cache.build(bare, lines.append)

    assert any(line.startswith("Resolving packages") for line in lines)
    assert again.key == built.key  # It is still away.
    assert cache.find(bare) == built


def test_without_an_index_what_asks_for_a_package_is_told_so(tmp_path, alone):
    cache = EnvironmentCache(tmp_path / "environments")

    with pytest.raises(IndexUnreachable, match="Check the network and the index settings"):
        cache.build(Recipe(None, ("tiny", "pip")), silent)


def test_recipes_that_come_to_the_same_lock_share_one_environment(cache, recipe):
    other = Recipe(None, ("tiny<2", "pip"))

    assert cache.build(recipe, silent).key == cache.build(other, silent).key
    assert len(cache.list()) == 1


def test_two_processes_that_need_one_environment_share_one_build(tmp_path, wheel):
    links = wheel("tiny", "1.0")
    arguments = [sys.executable, "-c", _BUILD, str(tmp_path / "environments"), str(links)]
    builders = [subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True, cwd=Path.cwd()) for _ in range(2)]
    for builder in builders:
        assert builder.stdout.readline() == "ready\n"

    for builder in builders:
        builder.stdin.write("go\n")
        builder.stdin.flush()
    answers = [builder.communicate(timeout=120)[0].split() for builder in builders]

    assert answers[0][0] == answers[1][0]
    assert sorted(answer[1] for answer in answers) == ["False", "True"]


def test_a_killed_build_leaves_nothing_visible_and_the_next_one_succeeds(tmp_path, wheel, recipe):
    links = wheel("tiny", "1.0")
    root = tmp_path / "environments"
    stopping = _BUILD.replace("lines = []", "import os; lines = type('L', (list,), {'append': lambda s, t: os.kill("
                              "os.getpid(), 9) if t.startswith('Installing') else None})()")  # fmt: skip
    arguments = [sys.executable, "-c", stopping, str(root), str(links)]
    answer = subprocess.run(arguments, input="go\n", text=True, capture_output=True, timeout=120, check=False)
    assert answer.returncode == -signal.SIGKILL

    cache = EnvironmentCache(root, find_links=[str(links)])

    assert cache.list() == []
    assert cache.build(recipe, silent).python.exists()


def test_a_contradiction_is_explained_with_the_resolvers_words(cache):
    with pytest.raises(EnvironmentUnresolvable, match=r"tiny==3\.0") as failure:
        cache.build(Recipe(None, ("tiny==3.0",)), silent)

    assert failure.value.status == 400
    assert not list((cache._root / "staging").iterdir())


def test_setuptools_keeps_pkg_resources_unless_another_is_asked_for(cache):
    plain = cache.build(Recipe(None, ("setuptools",)), silent)
    pinned = cache.build(Recipe(None, ("setuptools==78.1.1",)), silent)

    subprocess.run([plain.python, "-W", "error::UserWarning", "-c", "import pkg_resources"], check=True, timeout=60)
    assert "setuptools==78.1.1" in Path(pinned.lock).read_text()


def test_the_operators_constraints_hold_in_builds_and_reach_jobs(cache):
    loose = Recipe(None, ("tiny", "pip"))
    free = cache.build(loose, silent)

    (cache._root / "constraints.txt").write_text("tiny<2\n")
    held = cache.build(loose, silent)

    assert "tiny==2.0" in Path(free.lock).read_text()
    assert "tiny==1.0" in Path(held.lock).read_text()
    assert cache.job_variables()["PIP_CONSTRAINT"] == str(cache.constraints)


def test_a_collected_environment_comes_back_without_network_or_resolve(cache, recipe):
    built = cache.build(recipe, silent)
    assert cache.collect_garbage(unused_seconds=0) == [built.key]
    assert cache.find(recipe) is None
    offline = EnvironmentCache(cache._root, offline=True, find_links=cache._find_links)
    lines = []

    again = offline.build(recipe, lines.append)

    assert again == built
    assert not any(line.startswith("Resolving") for line in lines)


def test_garbage_collection_spares_what_is_kept_recent_or_leased(cache, recipe):
    key = cache.build(recipe, silent).key

    assert cache.collect_garbage([key], unused_seconds=0) == []
    assert cache.collect_garbage(unused_seconds=3600) == []
    with cache.lease(key, "job_1"):
        assert cache.collect_garbage(unused_seconds=0) == []
    assert cache.collect_garbage(unused_seconds=0) == [key]
    with pytest.raises(EnvironmentNotFound):
        cache.lease(key, "job_2")


def test_a_lease_lives_on_in_the_child_that_inherited_it(cache, recipe):
    key = cache.build(recipe, silent).key
    lease = cache.lease(key, "job_1")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lease.fileno()])
    lease.release()

    assert cache.collect_garbage(unused_seconds=0) == []
    child.communicate(b"\n", timeout=60)
    assert cache.collect_garbage(unused_seconds=0) == [key]


@pytest.mark.parametrize("holder", ["../x", "a/b", "", ".hidden"])
def test_a_lease_holder_cannot_be_a_path(cache, holder):
    with pytest.raises(InvalidRequest):
        cache.lease("0" * 32, holder)


def test_threads_that_wait_are_told_why(cache, recipe):
    waited = threading.Event()
    results = []

    def follow(line):
        if line.startswith("Waiting"):
            waited.set()

    second = threading.Thread(target=lambda: results.append(cache.build(recipe, follow)))

    def lead(line):
        if line == "Installing packages.":
            second.start()
            assert waited.wait(60)

    first = cache.build(recipe, lead)
    second.join(60)

    assert results == [first]


def test_only_an_allow_list_of_variables_reaches_the_resolver(tmp_path):
    secret = {
        "SMALT_TOKEN": "s",
        "AZURE_CLIENT_SECRET": "s",
        "UV_PUBLISH_TOKEN": "s",
        "PATH": "/bin",
        "UV_OFFLINE": "1",
    }

    variables = resolver_variables(secret | {"PIP_CONFIG_FILE": os.devnull}, cache=tmp_path)

    assert "s" not in variables.values()
    assert variables["UV_OFFLINE"] == "1"


def test_pips_settings_are_translated_for_the_resolver(tmp_path):
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://mirror.test/simple\nextra-index-url =\n  https://a.test\n  https://b.test\n"
    )
    environ = {"PIP_CONFIG_FILE": str(settings), "PIP_FIND_LINKS": "/w1 /w2", "HOME": str(tmp_path)}

    variables = resolver_variables(environ, cache=tmp_path)

    assert pip_settings(environ)["index-url"] == "https://mirror.test/simple"
    assert variables["UV_DEFAULT_INDEX"] == "https://mirror.test/simple"
    assert variables["UV_INDEX"] == "https://a.test https://b.test"
    assert variables["UV_FIND_LINKS"] == "/w1,/w2"


def fake_pythons(root, *minors):
    for minor in minors:
        path = root / minor / "bin" / f"python{minor}"
        path.parent.mkdir(parents=True)
        path.write_bytes(Path(sys.executable).resolve().read_bytes()[:64])
        path.chmod(0o755)


def test_shims_and_broken_interpreters_are_never_chosen(tmp_path, monkeypatch):
    shim = tmp_path / "shims" / "python3.10"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(shim.parent))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    fake_pythons(tmp_path / "versions", "3.9")

    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = find_interpreter("3.9", policy=SubstitutionPolicy.SUBSTITUTE)

    assert (3, 10) not in installed_interpreters()
    assert found.minor == here
    with pytest.raises(Unsupported, match=r"Python 3\.9 is not on this machine"):
        find_interpreter("3.9", policy=SubstitutionPolicy.STRICT)


def test_another_python_than_the_wanted_one_is_said(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    built = cache.build(Recipe("3.7", ("tiny", "pip")), silent)

    assert any("Python 3.7 is not on this machine" in note for note in built.notes)
