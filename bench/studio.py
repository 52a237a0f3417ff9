"""The budgets of the studio, in headless Chromium on loopback, over a workspace that is full.

    make bench-studio    the figures, best of a few tries
    make check-studio    a verdict: what is over its budget fails, on a busy or slow machine as on an idle one

100,000 jobs, 100 runs to compare, a metric of 100,000 points, a pipeline of 1,000 steps, a log of 1,000,000 lines.
It runs in the environment of the browser's tests; the server is another process.

The verdict is of the page, not of the machine: before and after each try the same browser does a fixed piece of work,
and what that takes longer than on the reference machine the page may take longer as well. One try within its allowance
is enough; the allowance is never less than the budget.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from _slowness import slowness
from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).parents[1]
SMALT = ROOT / ".venv" / "bin" / "smalt"
JOBS, RUNS, POINTS, STEPS, LINES, TABS = 100_000, 100, 100_000, 1_000, 1_000_000, 50
TIMES, TRIES, IDLE_SECONDS = 3, 10, 10
_WATCH = """
selector => {
  const seen = (window.seen_ = {});
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  document.addEventListener("pointerover", ({ target, timeStamp }) => {
    if (target.closest("a, [role=tab]")) seen.begin ??= timeStamp;
  }, true);
  const watcher = new MutationObserver(async () => {
    if (!document.querySelector(selector)) return;
    watcher.disconnect();
    await frame();
    await frame();
    seen.end = performance.now();
  });
  watcher.observe(document.body, { childList: true, subtree: true });
}
"""

_COUNT = """
() => {
  window.frames_ = [];
  const count = moment => { window.frames_.push(moment); requestAnimationFrame(count); };
  requestAnimationFrame(count);
}
"""


class House:
    """A server over a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        ports = [_free_port() for _ in range(2)]
        options = ["--home", self.home, "--port", str(ports[0]), "--tls-port", str(ports[1])]
        subprocess.run([SMALT, "up", "--detach", *options], check=True, stdout=subprocess.DEVNULL)
        state = json.loads((self.home / "server.json").read_text())
        self.url, self.pid = state["url"], state["pid"]
        self.token = (self.home / "token").read_text()
        group = f"/subscriptions/{state['subscription']}/resourceGroups/smalt"
        self.scope = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/default"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.add_header(name, value)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else None

    def close(self) -> None:
        subprocess.run([SMALT, "down", "--home", self.home], check=True, stdout=subprocess.DEVNULL)


def fill(house: House) -> dict[str, str]:
    """Everything the pages shall cope with; names of what was made."""
    command = {"jobType": "Command", "command": "true", "environmentId": "azureml:none:1", "experimentName": "full"}
    image = {"properties": {"image": "python:3.11"}}
    house.call("PUT", f"{house.scope}/environments/none/versions/1", image)
    house.call("PUT", f"{house.scope}/jobs/first", {"properties": command})
    _await_end(house, "first")
    pipeline = _pipeline(house)
    mlflow = f"/mlflow/v2.0{house.scope}/api/2.0/mlflow"
    experiment = house.call("POST", f"{mlflow}/experiments/create", {"name": "compared"})["experiment_id"]
    names = []
    for number in range(RUNS):
        made = house.call("POST", f"{mlflow}/runs/create", {"experiment_id": experiment, "run_name": f"run {number}"})
        names.append(made["run"]["info"]["run_id"])
        metrics = [{"key": f"m{k}", "value": number * k / 7, "timestamp": 1, "step": 0} for k in range(10)]
        params = [{"key": f"p{k}", "value": str(number % (k + 2))} for k in range(10)]
        house.call("POST", f"{mlflow}/runs/log-batch", {"run_id": names[-1], "metrics": metrics, "params": params})
    for start in range(0, POINTS, 1000):
        steps_of = range(start, start + 1000)
        metrics = [{"key": "loss", "value": 1 / (1 + step), "timestamp": step, "step": step} for step in steps_of]
        house.call("POST", f"{mlflow}/runs/log-batch", {"run_id": "first", "metrics": metrics})
    workspace = house.call("GET", house.scope)["properties"]["workspaceId"]
    text = b"".join(b"%d a line of the log that is about as long as lines of logs are\n" % n for n in range(LINES))
    log = f"/blob/{workspace}/azureml/ExperimentRun/dcid.first/user_logs/big_log.txt"
    house.call("PUT", log, text, **{"x-ms-blob-type": "BlockBlob", "Content-Type": "text/plain"})
    _multiply(house.home / "smalt.db")
    return {"pipeline": pipeline, "runs": ",".join(names)}


def _multiply(path: Path) -> None:
    """Copies of the one job, each a second older than the one before."""
    with sqlite3.connect(path, timeout=60) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(jobs)")]
        changed = {
            "id": "printf('%032d', n)",
            "name": "'copy_' || n",
            "workload": "'copy_' || n",
            "display_name": "'Job number ' || n",
            "root": "'copy_' || n",
            "created_at": "created_at - n * 1000000",
        }
        values = ", ".join(changed.get(column, column) for column in columns)
        series = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {JOBS})"
        connection.execute(
            f"INSERT INTO jobs ({', '.join(columns)}) {series} SELECT {values} FROM jobs, s WHERE jobs.name = 'first'"
        )
    connection.close()


def _pipeline(house: House) -> str:
    """A pipeline of many steps, canceled before it has begun: only its graph matters."""
    lines = ["type: pipeline", "display_name: Many steps", "experiment_name: full", "jobs:"]
    for number in range(STEPS):
        lines += [f"  s{number}:", "    type: command", "    command: sleep 60", "    environment: azureml:none:1"]
        lines += ["    outputs: {done: {type: uri_folder}}"]
        if number:
            lines += ["    inputs:", f"      after: ${{{{parent.jobs.s{_after(number)}.outputs.done}}}}"]
    file = house.home.parent / "pipeline.yml"
    file.write_text("\n".join(lines))
    environment = {**os.environ, "SMALT_HOME": str(house.home)}
    arguments = ["job", "create", "-f", file, "--query", "name", "-o", "tsv"]
    done = subprocess.run([SMALT, *arguments], env=environment, check=True, capture_output=True, text=True)
    name = done.stdout.strip()
    house.call("POST", f"{house.scope}/jobs/{name}/cancel", {})
    _await_end(house, name)
    return name


def _after(number: int) -> int:
    return (number - 1) // 3


def _await_end(house: House, name: str) -> None:
    while house.call("GET", f"{house.scope}/jobs/{name}")["properties"]["status"] not in {
        "Completed",
        "Failed",
        "Canceled",
    }:
        time.sleep(0.2)


@dataclass(frozen=True)
class Budget:
    """What a page may take, and how it is seen."""

    title: str
    limit: float
    unit: str
    once: Callable[[], float]

    def is_met(self, figure: float, factor: float) -> bool:
        """Whether a figure is within the budget, on a machine that is slower by this factor."""
        return figure <= self.limit * factor

    def best(self, figures: list[float]) -> float:
        return min(figures)


class Rate(Budget):
    """The more the better. One in twenty may be missed: screens and their drivers miss some by themselves."""

    def is_met(self, figure: float, factor: float) -> bool:
        return figure >= 0.95 * self.limit / factor

    def best(self, figures: list[float]) -> float:
        return max(figures)


class Share(Budget):
    """Time of a core that is counted, not waited for: as much on a busy machine."""

    def is_met(self, figure: float, factor: float) -> bool:
        return figure <= self.limit


@contextmanager
def pages() -> Iterator[tuple[Page, Page]]:
    """Two, each in a window of its own: a page behind another one draws nothing."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        here, there = (browser.new_context(viewport={"width": 1400, "height": 860}).new_page() for _ in range(2))
        yield here, there
        browser.close()


def budgets(house: House, made: dict[str, str], page: Page) -> list[Budget]:
    """All of them, on a page that is signed in."""
    page.goto(house.call("POST", "/studio/links", {})["url"])
    page.get_by_role("navigation", name="Main").wait_for()
    base = f"{house.url}/studio"

    def opened(path: str, selector: str) -> Callable[[], float]:
        return lambda: _loaded(page, base + path, selector)

    def within(path: str, role: Literal["link", "tab"], name: str, selector: str) -> Callable[[], float]:
        return lambda: _followed(page, base + path, page.get_by_role(role, name=name, exact=True), selector)

    runs, log = f"/compare?jobs={made['runs']}", "/jobs/first?tab=logs&file=user_logs/big_log.txt"
    graph = f"{base}/jobs/{made['pipeline']}"
    return [
        Budget("first page interactive", 1000, "ms", opened("/", ".cards .lines a")),
        Budget(f"first rows of {JOBS:,} jobs", 300, "ms", within("/", "link", "Jobs", ".long-body .long-row a")),
        Budget(f"comparison of {RUNS} runs, whole page", 1000, "ms", opened(runs, ".table td.number")),
        Budget(f"chart of {POINTS:,} points", 200, "ms", within("/jobs/first", "tab", "Metrics", ".chart canvas")),
        Rate(f"graph of {STEPS:,} steps pans", 60, "frames/s", lambda: _frames(page, graph)),
        Budget(f"log of {LINES:,} lines, end shown", 5000, "ms", lambda: _log(page, base + log)),
        Share(f"{TABS} open streams, idle server", 10, "% of a core", lambda: _idle(house)),
    ]


def show(all_of_them: list[Budget], other: Page) -> bool:
    """Print the best of a few tries of each."""
    for each in all_of_them:
        figure = each.best([each.once() for _ in range(1 if isinstance(each, Share) else TIMES)])
        print(f"{each.title:36} {figure:9.1f} {each.unit:12} (budget {each.limit:g})", flush=True)
    print(f"this machine is slower than the reference by {min(slowness(other) for _ in range(TRIES)):.2f}")
    return True


def judge(all_of_them: list[Budget], other: Page) -> bool:
    """Whether each is within its allowance, in one of a few tries at least."""
    return not [each for each in all_of_them if not _is_within(each, other)]


def _is_within(budget: Budget, other: Page) -> bool:
    """Says on the way what it saw. The other page does nothing but to tell how slow the browser is."""
    for _ in range(TRIES):
        before, figure, after = slowness(other), budget.once(), slowness(other)
        factor = (before + after) / 2
        is_met = budget.is_met(figure, factor)
        verdict = "within" if is_met else "over"
        seen = f"{budget.title:36} {figure:9.1f} {budget.unit:12} {verdict} {budget.limit:g}"
        print(f"{seen}, machine slower by {factor:.2f}", flush=True)
        if is_met:
            return True
    return False


def _loaded(page: Page, url: str, selector: str) -> float:
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(selector)
    return (time.perf_counter() - begin) * 1000


def _followed(page: Page, url: str, way: Locator, selector: str) -> float:
    """From the pointer on the way to something until that is drawn, by the page's own clock.

    What the browser's driver takes to find the way, and to hear that something is there, nobody else waits for.
    """
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.evaluate(_WATCH, selector)
    way.click()
    page.wait_for_function("() => window.seen_.end !== undefined")
    return float(page.evaluate("window.seen_.end - window.seen_.begin"))


def _frames(page: Page, url: str) -> float:
    """Frames a second while the graph is dragged about, as the page itself counts them."""
    page.goto(url)
    page.wait_for_selector(".step-card")
    page.wait_for_timeout(500)
    box = page.locator(".graph-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(_COUNT)
    for step in range(90):
        page.mouse.move(x + 200 * ((step % 30) / 30 - 0.5), y + step)
    moments = page.evaluate("window.frames_")
    page.mouse.up()
    return 1000 * (len(moments) - 1) / (moments[-1] - moments[0])


def _log(page: Page, url: str) -> float:
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.get_by_text(f"{LINES} lines").wait_for(timeout=60_000)
    page.locator(".log").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    page.get_by_text(f"{LINES - 1} a line").wait_for()
    return (time.perf_counter() - begin) * 1000


def _idle(house: House) -> float:
    """What the server takes of a core while as many browsers listen and nothing happens."""
    streams = []
    for _ in range(TABS):
        request = urllib.request.Request(f"{house.url}{house.scope}/smalt/events")
        request.add_header("Authorization", f"Bearer {house.token}")
        streams.append(urllib.request.urlopen(request))
    time.sleep(1)
    begin, before = time.perf_counter(), _cpu_seconds(house.pid)
    time.sleep(IDLE_SECONDS)
    share = 100 * (_cpu_seconds(house.pid) - before) / (time.perf_counter() - begin)
    for stream in streams:
        stream.close()
    return share


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a page is over its budget")
    look = judge if parser.parse_args().check else show
    with tempfile.TemporaryDirectory(prefix="smalt-studio-") as folder:
        house = House(Path(folder))
        try:
            made = fill(house)
            with pages() as (page, other):
                is_good = look(budgets(house, made, page), other)
        finally:
            house.close()
    sys.exit(not is_good)


if __name__ == "__main__":
    main()
