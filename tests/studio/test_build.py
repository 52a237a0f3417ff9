"""The studio that ships is built from the sources beside it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUDIO = ROOT / "studio"
DIST = ROOT / "smalt" / "server" / "studio" / "dist"
SOURCES = (
    "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "src",
    "../examples/demo/environment.yml", "../examples/demo/src/prepare.py", "../examples/demo/src/train.py",
    "../smalt/flows/gallery/chat/answer.jinja2", "../smalt/flows/gallery/chat/flow.dag.yaml",
)  # fmt: skip
MOST_BYTES = 350_000


def digest_of_sources() -> str:
    """As `vite.config.ts` writes it into the build."""
    named = [STUDIO / name for name in SOURCES]
    files = [file for path in named for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    digest = hashlib.sha256()
    for path in sorted(os.path.relpath(file, STUDIO) for file in files):
        digest.update(path.encode() + b"\0" + (STUDIO / path).read_bytes() + b"\0")
    return digest.hexdigest()


def test_the_build_was_made_from_these_sources():
    built_from = json.loads((DIST / "build.json").read_text())["sources"]

    assert built_from == digest_of_sources(), "The studio's sources have changed since it was built. Run: make studio"


def test_the_first_page_loads_less_script_than_its_budget():
    page = (DIST / "index.html").read_text()
    scripts = set(re.findall(r'/studio/(built/[^"]+\.js)"', page))

    size = sum(len(gzip.compress((DIST / script).read_bytes())) for script in scripts)

    assert scripts
    assert size < MOST_BYTES


def test_every_file_that_the_page_names_is_there():
    page = (DIST / "index.html").read_text()

    named = re.findall(r'"/studio/([^"]+)"', page)

    assert [name for name in named if not (DIST / name).is_file()] == []
