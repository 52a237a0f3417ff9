"""Makes the pictures of the README: a server with the demo, a pipeline and a sweep on it, before Debian's chromium.

make screenshots
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "images"
BIN = ROOT / ".venv" / "bin"
EXAMPLES = {
    "Train a diagnosis model": None,  # `make demo` makes it
    "Regression in five steps": "examples/pipelines/regression/pipeline.yml",
    "Search for a classifier of handwritten digits": "examples/sweep/sweep.yml",
}
FLOW = "support"


def smalt(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "SMALT_HOME": str(home)}
    done = subprocess.run([BIN / "smalt", *arguments], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def prepare(home: Path) -> dict[str, str]:
    """The latest completed job of each example, which is run when there is none."""
    subprocess.run([BIN / "python", ROOT / "examples" / "demo" / "demo.py", "--home", home], check=True)
    for title, file in EXAMPLES.items():
        if file is not None and title not in _completed(home):
            name = smalt(home, "job", "create", "-f", str(ROOT / file), "--query", "name", "-o", "tsv")
            smalt(home, "job", "stream", "-n", name)
    if FLOW not in smalt(home, "flow", "list", "--query", "[].name", "-o", "tsv").split():
        smalt(home, "flow", "create", "-n", FLOW, "--template", "chat")
    return _completed(home)


def _completed(home: Path) -> dict[str, str]:
    """Names of the latest completed jobs by their titles."""
    jobs = json.loads(smalt(home, "job", "list", "-o", "json"))
    return {job["display_name"]: job["name"] for job in reversed(jobs) if job["status"] == "Completed"}


def shoot(page: Page, base: str, jobs: dict[str, str]) -> None:
    """One picture per page."""
    trained, pipeline, sweep = (jobs[title] for title in EXAMPLES)
    trials = ",".join(f"{sweep}_{number}" for number in range(8))
    pages = {
        "jobs": ("/jobs?metrics=test_accuracy,test_auc", ".long-row .number"),
        "metrics": (f"/jobs/{trained}?tab=metrics", ".chart canvas"),
        "pipeline": (f"/jobs/{pipeline}?step=train", ".panel h3"),
        "compare": (f"/compare?tab=parallel&jobs={trials}", ".echart canvas"),
        "flow": (f"/flows/{FLOW}", ".react-flow__node"),
        "endpoint": ("/endpoints/online/diagnosis", "h1"),
    }
    for name, (path, selector) in pages.items():
        page.goto(base + path)
        page.wait_for_selector(selector)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"studio-{name}.png")
        print(FOLDER / f"studio-{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".smalt")
    home = parser.parse_args().home.absolute()
    jobs = prepare(home)
    FOLDER.mkdir(parents=True, exist_ok=True)
    link = smalt(home, "studio", "--no-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-US").new_page()
        page.goto(link)
        page.get_by_role("navigation", name="Main").wait_for()
        shoot(page, link.partition("/studio")[0] + "/studio", jobs)
        browser.close()


if __name__ == "__main__":
    main()
