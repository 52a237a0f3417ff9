"""The budgets of the studio, in headless Chromium on loopback, over a workspace that is full.

    make bench-studio

100,000 jobs, 100 runs to compare, a metric of 100,000 points, a pipeline of 1,000 steps, a log of 1,000,000 lines.
It runs in the environment of the browser's tests; the server is another process.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).parents[1]
SMALT = ROOT / ".venv" / "bin" / "smalt"
JOBS, RUNS, POINTS, STEPS, LINES, TABS = 100_000, 100, 100_000, 1_000, 1_000_000, 50
TIMES = 3
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


def measure(house: House, made: dict[str, str]) -> list[tuple[str, float, float, str]]:
    """Title, figure, budget and unit of each."""
    base = f"{house.url}/studio"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1400, "height": 860}).new_page()
        page.goto(house.call("POST", "/studio/links", {})["url"])
        page.get_by_role("navigation", name="Main").wait_for()

        def opened(path: str, selector: str) -> float:
            return _least(lambda: _loaded(page, base + path, selector))

        def within(path: str, role: Literal["link", "tab"], name: str, selector: str) -> float:
            return _least(lambda: _followed(page, base + path, page.get_by_role(role, name=name, exact=True), selector))

        figures = [
            ("first page interactive", opened("/", ".cards .lines a"), 1000, "ms"),
            ("first rows of 100,000 jobs", within("/", "link", "Jobs", ".long-body .long-row a"), 300, "ms"),
            (
                "comparison of 100 runs, whole page",
                opened(f"/compare?jobs={made['runs']}", ".table td.number"),
                1000,
                "ms",
            ),
            ("chart of 100,000 points", within("/jobs/first", "tab", "Metrics", ".chart canvas"), 200, "ms"),
            ("graph of 1,000 steps pans", _frames(page, f"{base}/jobs/{made['pipeline']}"), 60, "frames/s"),
            (
                "log of 1,000,000 lines, end shown",
                _log(page, f"{base}/jobs/first?tab=logs&file=user_logs/big_log.txt"),
                5000,
                "ms",
            ),
        ]
        browser.close()
    figures.append((f"{TABS} open streams, idle server", _idle(house), 10, "% of a core"))
    return figures


def _loaded(page: Page, url: str, selector: str) -> float:
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(selector)
    return (time.perf_counter() - begin) * 1000


def _least(once: Callable[[], float]) -> float:
    return min(once() for _ in range(TIMES))


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
    page.evaluate(
        "() => { window.frames_ = 0; const count = () => { window.frames_ += 1; requestAnimationFrame(count); };"
        " requestAnimationFrame(count); }"
    )
    page.mouse.move(x, y)
    page.mouse.down()
    before, begin = page.evaluate("window.frames_"), time.perf_counter()
    for step in range(90):
        page.mouse.move(x + 200 * ((step % 30) / 30 - 0.5), y + step)
    seconds = time.perf_counter() - begin
    count = page.evaluate("window.frames_") - before
    page.mouse.up()
    return count / seconds


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
    time.sleep(25)
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
    with tempfile.TemporaryDirectory(prefix="smalt-studio-") as folder:
        house = House(Path(folder))
        try:
            for title, figure, budget, unit in measure(house, fill(house)):
                print(f"{title:36} {figure:9.1f} {unit:12} (budget {budget})", flush=True)
        finally:
            house.close()


if __name__ == "__main__":
    main()
