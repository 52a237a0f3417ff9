"""A conda channel made by hand: a folder of packages and their index, which the real programs accept as `file://`."""

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
_VERSION = f"{MINOR}.{sys.version_info[2]}"
_PLACEHOLDER = "/opt/where-this-package-was-built"


def make_channel(folder):
    """A channel with `python` (the machine's), `dot-drawer` and `ffmpeg` 5 and 6, and the Python package `plain`."""
    (folder / "linux-64").mkdir(parents=True)
    packages = dict(
        [
            _package(folder, "python", _VERSION, _python()),
            _package(folder, "ffmpeg", "5.0", _ffmpeg("5.0")),
            _package(folder, "ffmpeg", "6.1", _ffmpeg("6.1")),
            _package(folder, "plain", "1.5", _plain("1.5"), depends=["python"]),
        ]
    )
    index = {"info": {"subdir": "linux-64"}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
    (folder / "linux-64" / "repodata.json").write_text(json.dumps(index))
    (folder / "noarch").mkdir()
    empty = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}, "repodata_version": 1}
    (folder / "noarch" / "repodata.json").write_text(json.dumps(empty))
    return folder.as_uri()


def _python():
    """Not a copy but links to the machine's interpreter; `pyvenv.cfg` makes it look into the prefix."""
    home = Path(sys.base_prefix) / "bin"
    return {
        f"bin/python{MINOR}": home / f"python{MINOR}",
        "bin/python": Path(f"python{MINOR}"),
        "pyvenv.cfg": f"home = {home}\nversion = {_VERSION}\n",
        f"lib/python{MINOR}/site-packages/README": "Packages go here.\n",
    }


def _ffmpeg(version):
    return {
        "bin/ffmpeg": f"#!/bin/sh\necho ffmpeg {version} of {_PLACEHOLDER}\n",
        "etc/conda/activate.d/ffmpeg.sh": 'export FFMPEG_DATA="$CONDA_PREFIX/share/ffmpeg"\n',
    }


def _plain(version):
    packages = f"lib/python{MINOR}/site-packages"
    return {
        f"{packages}/plain.py": f"VERSION = {version!r}\ndef main():\n    print(VERSION)\n",
        f"{packages}/plain-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: plain\nVersion: {version}\n",
        f"{packages}/plain-{version}.dist-info/RECORD": f"plain.py,,\nplain-{version}.dist-info/METADATA,,\n",
        "bin/plain": f"#!{_PLACEHOLDER}/bin/python\nimport plain\nplain.main()\n",
    }


def _package(folder, name, version, files, depends=()):
    record = {
        "name": name,
        "version": version,
        "build": "0",
        "build_number": 0,
        "subdir": "linux-64",
        "arch": "x86_64",
        "platform": "linux",
        "depends": list(depends),
    }
    path = folder / "linux-64" / f"{name}-{version}-0.tar.bz2"
    moved = [path for path, text in files.items() if isinstance(text, str) and _PLACEHOLDER in text]
    info = {
        "info/index.json": json.dumps(record),
        "info/files": "".join(f"{path}\n" for path in files),
        "info/has_prefix": "".join(f"{_PLACEHOLDER} text {path}\n" for path in moved),
    }
    with tarfile.open(path, "w:bz2") as archive:
        for inside, content in {**info, **files}.items():
            _add(archive, inside, content)
    content = path.read_bytes()
    sums = {"md5": hashlib.md5(content).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}
    return path.name, record | sums | {"size": len(content)}


def _add(archive, inside, content):
    entry = tarfile.TarInfo(inside)
    if isinstance(content, Path):
        entry.type, entry.linkname = tarfile.SYMTYPE, str(content)
        archive.addfile(entry)
        return
    data = content.encode()
    entry.size, entry.mode = len(data), 0o755 if inside.startswith("bin/") else 0o644
    archive.addfile(entry, io.BytesIO(data))
