import base64
import hashlib
import os
import subprocess
import zipfile

import pytest

from smalt.environments import EnvironmentCache, Recipe


@pytest.fixture
def wheel(tmp_path):
    """Makes a wheel with one module and one console script, and returns the folder to find it in."""
    folder = tmp_path / "wheels"
    folder.mkdir()

    def make(name, version):
        dist = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": f"VERSION = {version!r}\ndef main():\n    print(VERSION)\n",
            f"{dist}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{dist}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{dist}/entry_points.txt": f"[console_scripts]\n{name}={name}:main\n",
        }
        record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
            archive.writestr(f"{dist}/RECORD", f"{record}{dist}/RECORD,,\n")
        return folder

    return make


@pytest.fixture
def cache(tmp_path, wheel):
    """A cache that finds the packages `tiny` 1.0 and 2.0 beside those of the index."""
    wheel("tiny", "1.0")
    links = wheel("tiny", "2.0")
    return EnvironmentCache(tmp_path / "environments", find_links=[str(links)])


@pytest.fixture
def recipe():
    return Recipe(None, ("tiny==1.0", "pip"), notes=("a note",))


@pytest.fixture
def run():
    """Runs a shell command with an overlay (and its base) first on PATH."""

    def run_in(prefix, base, command, **variables):
        environ = {"PATH": f"{prefix}/bin:{base.prefix}/bin:{os.environ['PATH']}", "HOME": os.environ["HOME"]}
        answer = subprocess.run(
            command, shell=True, env=environ | variables, capture_output=True, text=True, timeout=120, check=False
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    return run_in


def _digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
