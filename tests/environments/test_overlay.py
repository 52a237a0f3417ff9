import os
from pathlib import Path

import pytest

from smalt.environments import Recipe, overlay
from smalt.environments.interpreters import installed_interpreters

_ASK = "python -c 'import tiny; print(tiny.VERSION)'"


def silent(line):
    pass


@pytest.fixture
def base(cache, recipe):
    return cache.build(recipe, silent)


def test_what_a_job_installs_stays_in_its_overlay(cache, base, tmp_path, run):
    first, second = (overlay(base, tmp_path / "a job" / name) for name in ("first", "second"))

    run(first, base, "pip install --upgrade --no-index tiny", **cache.job_variables())

    assert run(first, base, _ASK) == "2.0"
    assert run(second, base, _ASK) == "1.0"
    assert run(base.prefix, base, _ASK) == "1.0"


def test_new_packages_and_scripts_are_private_and_uninstall_spares_the_base(cache, base, tmp_path, wheel, run):
    wheel("extra", "1.0")
    first, second = (overlay(base, tmp_path / name) for name in ("first", "second"))

    run(first, base, "python -m pip install --no-index extra", **cache.job_variables())
    run(first, base, "pip uninstall -y tiny")

    assert run(first, base, "extra") == "1.0"
    assert run(second, base, "python -c 'import importlib.util as u; print(u.find_spec(\"extra\"))'") == "None"
    assert run(first, base, _ASK) == "1.0"


def test_scripts_of_the_base_run_with_the_overlays_packages(cache, base, tmp_path, run):
    prefix = overlay(base, tmp_path / "layer")
    run(prefix, base, "pip3 install --no-index tiny==2.0", **cache.job_variables())
    (prefix / "bin" / "tiny").unlink()

    assert run(prefix, base, "command -v tiny") == str(base.prefix / "bin" / "tiny")
    assert run(prefix, base, "tiny") == "2.0"


@pytest.mark.parametrize("minor", [f"{major}.{minor}" for major, minor in sorted(installed_interpreters())])
def test_listings_are_sorted_and_otherwise_as_ever(cache, minor, tmp_path, run):
    base = cache.build(Recipe(minor, ("tiny",)), silent)
    prefix = overlay(base, tmp_path / "layer")
    folder = tmp_path / "listed"
    folder.mkdir()
    names = [f"{number * 7919 % 1000}.txt" for number in range(200)]
    for name in names:
        (folder / name).touch()
    script = tmp_path / "script.py"
    script.write_text(f"""
import glob, os, pathlib, pickle, shutil
folder, names = {str(folder)!r}, {sorted(names)!r}
assert os.listdir(folder) == names
assert os.listdir(os.fsencode(folder)) == [os.fsencode(n) for n in names]
assert next(os.walk(folder))[2] == names
assert [p.name for p in pathlib.Path(folder).iterdir()] == names
assert [os.path.basename(p) for p in glob.glob(folder + "/*.txt")] == names
descriptor = os.open(folder, os.O_RDONLY)
assert os.listdir(descriptor) == names
assert os.listdir in os.supports_fd and os.scandir in os.supports_fd
os.close(descriptor)
with os.scandir(pathlib.Path(folder)) as entries:
    assert next(entries).name == names[0] and next(entries).is_file()
assert list(entries) == []
os.scandir(folder).close()
os.chdir(folder)
assert os.listdir() == names and [e.name for e in os.scandir()] == names
assert pickle.loads(pickle.dumps((os.listdir, os.scandir))) == (os.listdir, os.scandir)
try:
    os.listdir("missing")
except FileNotFoundError as error:
    assert error.filename == "missing"
os.chdir("/")
shutil.rmtree(folder)
print("ok")
""")

    assert run(prefix, base, f"python '{script}'") == "ok"


def test_sorting_can_be_left_out(base, tmp_path, run):
    prefix = overlay(base, tmp_path / "layer", sorted_listing=False)

    assert run(prefix, base, "python -c 'import os; print(type(os.listdir).__name__)'") == (
        "builtin_function_or_method"
    )


def test_an_overlay_is_a_virtual_environment_of_the_base_interpreter(base, tmp_path, run):
    prefix = overlay(base, tmp_path / "layer")

    shown = run(prefix, base, "python3 -c 'import sys; print(sys.prefix, sys.prefix != sys.base_prefix)'")

    assert shown == f"{prefix} True"
    assert Path(os.path.realpath(prefix / "bin" / "python")) == Path(os.path.realpath(base.python))
    assert overlay(base, tmp_path / "layer") == prefix
