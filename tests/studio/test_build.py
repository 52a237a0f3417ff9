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
MOST_OF_A_PAGE = 300_000
PAGES = {"JobsPage": 30_000, "JobPage": 70_000, "ComparePage": 26_000}
"""What the pages that are opened most may add to the first one, packed; the others may add `MOST_OF_A_PAGE`."""


def digest_of_sources() -> str:
    """As `vite.config.ts` writes it into the build."""
    named = [STUDIO / name for name in SOURCES]
    files = [file for path in named for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    digest = hashlib.sha256()
    for path in sorted(os.path.relpath(file, STUDIO) for file in files):
        digest.update(path.encode() + b"\0" + (STUDIO / path).read_bytes() + b"\0")
    return digest.hexdigest()


def loaded_by(script: str) -> set[str]:
    """A script of the build with all that it brings along."""
    found, left = set[str](), [script]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += re.findall(r'(?:import|from)\s*"\./([^"]+\.js)"', (DIST / "built" / name).read_text())
    return found


def packed(scripts: set[str]) -> int:
    return sum(len(gzip.compress((DIST / "built" / name).read_bytes())) for name in scripts)


def first_page() -> set[str]:
    named = re.findall(r'/studio/built/([^"]+\.js)"', (DIST / "index.html").read_text())
    return set[str]().union(*map(loaded_by, named))


def test_the_build_was_made_from_these_sources():
    built_from = json.loads((DIST / "build.json").read_text())["sources"]

    assert built_from == digest_of_sources(), "The studio's sources have changed since it was built. Run: make studio"


def test_the_first_page_loads_less_script_than_its_budget():
    scripts = first_page()

    assert scripts
    assert packed(scripts) < MOST_BYTES


def test_no_page_adds_more_script_than_its_budget():
    there = first_page()
    pages = [file.name for file in (DIST / "built").glob("*Page-*.js")]

    added = {name: packed(loaded_by(name) - there) for name in pages}
    most = {name: PAGES.get(name.partition("-")[0], MOST_OF_A_PAGE) for name in pages}

    assert PAGES.keys() <= {name.partition("-")[0] for name in pages}
    assert [name for name in pages if added[name] > most[name]] == [], added


def test_every_file_that_the_page_names_is_there():
    page = (DIST / "index.html").read_text()

    named = re.findall(r'"/studio/([^"]+)"', page)

    assert [name for name in named if not (DIST / name).is_file()] == []
