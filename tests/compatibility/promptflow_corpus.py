"""Runs the flows of microsoft/promptflow here, and compares what they answer with what the original answered.

    python tests/compatibility/promptflow_corpus.py --corpus CHECKOUT --expected FILE --model-server SCRIPT

CHECKOUT is a working tree of github.com/microsoft/promptflow, FILE the recorded answers of the original (their form is
read by `Case`), SCRIPT an OpenAI-shaped server whose answers are digests of what it was asked, so that a prompt which
differs by one blank gives another answer. Every case is run twice: as a test of one line, and as a batch with
aggregation. A case counts as met when status, output, outputs of nodes, metrics, every request to the model, and the
class of a failure are those of the original.

Modules that flows import and that are not installed are named in the report. `--environment FOLDER` makes an
environment with those that the original had, once, and runs the flows there; `--python` names another interpreter.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import os
import re
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

CASE_SECONDS = 200
REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = "beautifulsoup4 requests PyPDF2 tenacity tiktoken pillow faiss-cpu python-dotenv pandas".split()
Json = Any

# Where the original lets a mistake of the flow through as whatever Python happened to raise, or hides it in a wrapper,
# the same mistake has one of these classes here.
SAME_MEANING = {
    "KeyError": {"FlowDefinitionError"},
    "NotImplementedError": {"FlowDefinitionError"},
    "ConnectionNotFoundError": {"ConnectionNotFoundError", "GetConnectionError", "ResolveToolError"},
    "InvalidSource": {"InvalidSource"},
    "ValidationError": {"InvalidFlexFlowEntry"},
    "GenerateFlowMetaJsonError": {"GenerateFlowMetaJsonError", "PythonLoadError", "FlowEntryInitializationError"},
    "TypeError": {"UserErrorException"},
    "UserErrorException": {"UserErrorException"},
    "SerpAPISystemError": {"SerpAPISystemError"},
}

# Failures of the original that say something about the machine it ran on, not about the flow: these flows run here.
MACHINE = ("was inherited across fork", "openaipublic.blob.core.windows.net")
# Flows that draw lots: what they answered once binds nobody.
CHANCE = ("random_fail", "python_tool_with_simple_image_with_default")
# Where another answer is meant.
BETTER = {
    ("flows/chat_flow_with_multi_output_invalid", "test"): "two outputs that show one stream both have its text",
}


class Case:
    """One flow of the corpus, and what the original answered."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self.id: str = document["id"]
        self.path: str = document["path"]
        self.profile: str = document["profile"]
        self.kind: str = document["kind"]
        self.entry: str | None = document.get("entry")
        self.inputs: dict[str, Json] = document["inputs"] or {}
        self.rows: list[dict[str, Json]] = document["rows"] or []
        self.mapping: dict[str, str] | None = document.get("column_mapping")
        self.init: dict[str, Json] = document.get("init") or {}
        self.is_deterministic: bool = document["deterministic"]
        self.test: dict[str, Json] = document["test"]
        self.batch: dict[str, Json] = document.get("batch") or {}
        self.variants: dict[str, Json] = document.get("variant_tests") or {}
        self.document = document


# -- running one case (in a process of its own)


def connections(profile: str, url: str) -> dict[str, Json]:
    """The connections that the flows name, all to the model server. In the examples' world both are Azure's."""
    from smalt.flows.connections import (
        AzureOpenAIConnection,
        CognitiveSearchConnection,
        CustomConnection,
        OpenAIConnection,
        SerpConnection,
    )

    def azure(name: str) -> Json:
        return AzureOpenAIConnection(name=name, api_key="fake-key", api_base=url, api_version="2024-02-01")

    openai = OpenAIConnection(name="open_ai_connection", api_key="fake-key", base_url=f"{url}/v1")
    found: dict[str, Json] = {
        name: azure(name)
        for name in (
            "azure_open_ai_connection", "new_ai_connection", "aoai_gpt4v_connection", "aoai_assistant_connection",
            "azure_openai", "test_llm_connection",
        )
    }  # fmt: skip
    found["open_ai_connection"] = azure("open_ai_connection") if profile == "examples" else openai
    found["serp_connection"] = SerpConnection(name="serp_connection", api_key="fake-key")
    found["azure_ai_search"] = CognitiveSearchConnection(name="s", api_key="fake-key", api_base=url)
    found["azure_open_ai_aad"] = AzureOpenAIConnection(name="aad", api_base=url, auth_mode="meid_token")
    found["aoai connection"] = azure("aoai connection")
    azure_fields = {"api_type": "azure", "api_version": "2024-02-01", "api_base": url}
    for name, configs, secrets in (
        ("basic_custom_connection", azure_fields, {"api_key": "fake-key"}),
        ("custom_connection", {"key2": "val2", "CHAT_DEPLOYMENT_NAME": "gpt-35-turbo"}, {"key1": "hey"}),
        ("mock_custom_connection", azure_fields, {"api_key": "fake-key"}),
        ("my_llm_connection", azure_fields, {"api_key": "fake-key"}),
        ("normal_custom_connection", azure_fields, {"api_key": "fake-key"}),
        ("custom_connection_2", azure_fields, {"api_key": "fake-key"}),
        ("custom_connection_3", azure_fields, {"api_key": "fake-key"}),
        ("azure_ai_language", {"endpoint": url}, {"api_key": "fake-key"}),
    ):
        found[name] = CustomConnection(secrets=secrets, configs=dict(configs), name=name)
    return found


def codes_of(error: Json) -> list[str]:
    """The codes of a recorded failure, from the widest to the narrowest."""
    codes = []
    while isinstance(error, dict) and error.get("code"):
        codes.append(error["code"])
        error = error.get("innerError")
    return codes


def all_codes(error: Json) -> list[str]:
    """The codes of a recorded failure and of those inside of it, the narrowest last."""
    if isinstance(error, list):
        return [code for item in error for code in all_codes(item)]
    if not isinstance(error, dict):
        return []
    own = codes_of(error)
    return [*own, *(code for key, item in error.items() if key != "innerError" for code in all_codes(item))]


class Provider:
    """The connections of a case."""

    def __init__(self, known: Mapping[str, Json]) -> None:
        self._known = known

    def get(self, name: str) -> Json:
        """A connection."""
        from smalt.errors import NotFound

        if name not in self._known:
            raise NotFound(f"There is no connection {name!r}.")
        return self._known[name]


def set_environment(url: str) -> None:
    """What the flows read from the environment."""
    os.environ.update({
        "AZURE_OPENAI_ENDPOINT": url, "AZURE_OPENAI_API_BASE": url, "AZURE_OPENAI_API_KEY": "fake-key",
        "AZURE_OPENAI_API_VERSION": "2024-02-01", "OPENAI_API_KEY": "fake-key", "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_VERSION": "2024-02-01", "AZURE_OPENAI_DEPLOYMENT": "gpt-35-turbo", "PF_DISABLE_TRACING": "true",
        "MOCK_AZURE_API_KEY": "fake-key", "MOCK_AZURE_ENDPOINT": url, "MOCK_AZURE_API_VERSION": "2024-02-01",
        "MOCK_AZURE_DEVELOPMENT": "gpt-35-turbo", "PF_CORPUS_VAR": "corpus-value",
    })  # fmt: skip


class Runner:
    """Runs cases against a model server, in this process."""

    def __init__(self, corpus: Path, url: str, line_seconds: float) -> None:
        self._corpus = corpus
        self._url = url
        self._line_seconds = line_seconds

    def run(self, case: Case, part: str) -> dict[str, Json]:
        """What the flow answers here, in the form of the recorded answers."""
        environment = dict(os.environ)
        set_environment(self._url)
        self._server("POST", "/__reset")
        try:
            if part == "batch":
                answer = self._batch(case)
            else:
                answer = asyncio.run(self._test(case, None if part == "test" else part))
        except Exception as error:
            text = getattr(error, "message", None) or str(error)
            answer = {"ok": False, "raised": {"type": type(error).__name__, "message": text,
                                              "chain": [type(e).__name__ for e in chain(error)],
                                              "trace": traceback.format_exc()[-1500:]}}  # fmt: skip
        answer["llm_calls"] = self._server("GET", "/__log")
        os.environ.clear()
        os.environ.update(environment)
        return answer

    def _load(self, case: Case, variant: str | None = None) -> Json:
        import smalt.flows

        links = (self._corpus / case.path).parent / "create_symlinks.py"
        if links.is_file():  # a flow of links that its author makes by hand
            subprocess.run([sys.executable, links.name], cwd=links.parent, check=False, capture_output=True)
        given = Provider(connections(case.profile, self._url))
        return smalt.flows.load(self._source(case), variant=variant, connections=given, init=case.init or None)

    def _source(self, case: Case) -> str:
        """What is loaded: a file, or an entry of the current directory."""
        source = self._corpus / case.path
        if not case.entry:
            return str(source)
        os.chdir(source if source.is_dir() else source.parent)
        return case.entry

    def _limits(self) -> Json:
        from smalt.flows import Limits

        return Limits(line_seconds=self._line_seconds)

    async def _test(self, case: Case, variant: str | None) -> dict[str, Json]:
        flow = self._load(case, variant)
        try:
            inputs = dict(case.inputs)
            if flow.chat_history and flow.chat_history not in inputs:
                inputs.setdefault(flow.chat_history, flow.inputs[flow.chat_history].default or [])
            # The original's test asks models to stream, and hands the stream on in chats only.
            line = await flow.run_line(inputs, limits=self._limits(), allow_stream=case.kind == "dag")
            answer = self._shown(flow, line, await read(line.output))
            if line.status == "Completed" and flow.has_aggregation and (case.kind != "dag" or line.aggregation_inputs):
                found = await flow.aggregate([line])
                answer["metrics"] = self._plain(flow, found.metrics)
                if case.kind == "dag":
                    answer["nodes"] |= self._nodes(flow, found.nodes)
            return answer
        finally:
            flow.close()

    def _shown(self, flow: Json, line: Json, output: Json) -> dict[str, Json]:
        answer: dict[str, Json] = {"status": str(line.status), "nodes": self._nodes(flow, line.nodes)}
        if line.error is None:
            answer["output"] = self._plain(flow, output, absolute=True)
            answer["ok"] = True
        else:
            answer |= {"ok": False, "error_type": line.error.type, "error_message": line.error.message,
                       "error_code": line.error.code, "cause": line.error.cause[-1500:],
                       "cause_type": line.error.cause_type, "node": line.error.node}  # fmt: skip
        return answer

    def _nodes(self, flow: Json, nodes: Json) -> dict[str, Json]:
        return {
            name: {"status": str(node.status), "output": self._plain(flow, node.output)} for name, node in nodes.items()
        }

    def _plain(self, flow: Json, value: Json, *, absolute: bool = False) -> Json:
        from smalt.flows.values.plain import plain

        images = getattr(flow, "images", None)
        if images is None:
            return plain(value)
        under = Path(".promptflow/output" if absolute else ".promptflow/intermediate")
        folder = Path(flow.source).parent if flow.source else flow.folder
        return plain(images.persist(value, folder, under, absolute=absolute))

    def _batch(self, case: Case) -> dict[str, Json]:
        """A run through the client, over a data file beside the flow, as images in data are found from there."""
        from smalt.flows.client import PFClient

        source = self._source(case)
        folder = (self._corpus / case.path) if case.entry else (self._corpus / case.path).parent
        data = (folder if folder.is_dir() else folder.parent) / f"corpus-{os.getpid()}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in case.rows))
        os.environ["PF_HOME_DIRECTORY"] = os.environ["SMALT_CORPUS_SCRATCH"]
        os.environ["PF_LINE_TIMEOUT_SEC"] = str(self._line_seconds)
        try:
            client = PFClient(connection_provider=Provider(connections(case.profile, self._url)))
            run = client.run(source, data=str(data), column_mapping=case.mapping, init=case.init or None)
        finally:
            data.unlink()
        return self._shown_batch(run)

    def _shown_batch(self, run: Json) -> dict[str, Json]:
        lines = [record for _, record in sorted(run.folder.lines().items())]
        if str(run.status) == "Failed" and not lines:
            error = run.folder.error() or {}
            codes = all_codes(error)
            raised = {"type": codes[-1] if codes else "", "message": str(error.get("message")), "chain": codes}
            return {"status": "Failed", "ok": False, "raised": raised, "error": error}
        status: dict[str, Counter[str]] = {}
        for record in run.folder.node_records():
            status.setdefault(record["run_info"]["node"], Counter())[record["run_info"]["status"]] += 1
        return {
            "status": str(run.status),
            "ok": str(run.status) == "Completed",
            "outputs": run.folder.outputs(),
            "metrics": run.folder.metrics(),
            "lines": [self._line(record) for record in lines],
            "node_status": {name: dict(counts) for name, counts in status.items()},
            "run_error": run.error,
        }

    def _line(self, record: Mapping[str, Json]) -> dict[str, Json]:
        error = record["run_info"].get("error") or {}
        codes = codes_of(error)
        found = {"line": record["line_number"], "status": record["status"]}
        return found | ({"type": codes[-1], "message": error.get("message", "")} if codes else {})

    def _server(self, method: str, path: str) -> Json:
        request = urllib.request.Request(self._url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


async def read(output: dict[str, Json]) -> dict[str, Json]:
    """An output whose streams are read."""
    found = {}
    for name, value in output.items():
        if hasattr(value, "so_far"):
            value = await value.text() if hasattr(value, "text") else str(value)
        found[name] = value
    return found


def chain(error: BaseException) -> Iterator[BaseException]:
    """The causes of a failure."""
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


# -- comparing


class Comparison:
    """What differs between an answer and the recorded one."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = str(corpus)

    def test(self, case: Case, expected: Mapping[str, Json], found: Mapping[str, Json]) -> list[str]:
        """The differences in a test of one line."""
        if "raised" in expected and "status" not in expected:
            return self._raised(expected["raised"], found)
        if "raised" in found:
            return [f"raised {found['raised']['type']}: {found['raised']['message'][:300]}"]
        problems = self._same("status", expected["status"], found["status"])
        if expected["status"] == "Failed":
            problems += self._failed(expected, found)
            problems += self._statuses(expected.get("nodes") or {}, found.get("nodes") or {}, found)
            return problems
        if case.is_deterministic:
            output = found.get("output")
            if case.kind != "dag" and isinstance(output, dict) and list(output) == ["output"]:
                output = output["output"] if not _is_wrapped(expected.get("output")) else output
            problems += self._same("output", expected.get("output"), output)
            problems += self._calls(expected.get("llm_calls"), found.get("llm_calls"))
        if case.kind == "dag":
            problems += self._nodes(case, expected.get("nodes") or {}, found.get("nodes") or {})
        if "metrics" in expected and case.is_deterministic:
            problems += self._same("metrics", expected["metrics"], found.get("metrics"))
        return problems

    def batch(self, case: Case, expected: Mapping[str, Json], found: Mapping[str, Json]) -> list[str]:
        """The differences in a batch."""
        if "raised" in expected:
            return self._raised(expected["raised"], found)
        if expected.get("status") == "Failed":
            refused = "raised" in found or found.get("status") == "Failed"
            return [] if refused else [f"the batch ran, which the original refuses: {expected.get('run_error')}"]
        if "raised" in found:
            return [f"raised {found['raised']['type']}: {found['raised']['message'][:300]}"]
        problems = self._lines(expected.get("lines") or [], found.get("lines") or [])
        if case.is_deterministic:
            # JSON has no word for numbers that are none: files of runs say null, where the original writes `NaN`.
            for key in ("outputs", "metrics"):
                problems += self._same(key, without_floats(expected[key] or {}), without_floats(found[key] or {}))
            if not problems and not any(line["status"] == "Failed" for line in expected.get("lines") or []):
                problems += self._calls(expected.get("llm_calls"), found.get("llm_calls"))
        if not problems and not any(line["status"] == "Failed" for line in expected.get("lines") or []):
            problems += self._same("node_status", expected.get("node_status"), found.get("node_status"))
        return problems

    def _raised(self, expected: Mapping[str, Json], found: Mapping[str, Json]) -> list[str]:
        wanted = expected["type"]
        raised = found.get("raised")
        if raised is None and found.get("error_type"):
            raised = {"type": found["error_type"], "chain": [], "message": found["error_message"]}
        if raised is None:
            first = next((line for line in found.get("lines") or [] if line.get("type")), None)
            raised = {"type": first["type"], "chain": [], "message": first["message"]} if first else None
        if raised is None:
            return [f"was not refused; the original raises {wanted}: {expected['message'][:200]}"]
        names = {raised["type"], *raised["chain"]}
        if names & ({wanted} | SAME_MEANING.get(wanted, set())) or names & {
            item["type"] for item in expected.get("chain") or []
        }:
            return []
        return [
            f"raised {raised['type']} ({raised['message'][:200]}); the original {wanted}: {expected['message'][:200]}"
        ]

    def _failed(self, expected: Mapping[str, Json], found: Mapping[str, Json]) -> list[str]:
        wanted = expected["error_codes"][-1]
        if found.get("error_type") == wanted:
            inner = re.search(r"\((\w+)\)", expected["error_message"])
            cause = found.get("cause_type")
            meant = {inner[1], *SAME_MEANING.get(inner[1], ())} if inner else set()
            if wanted in ("ToolExecutionError", "ScriptExecutionError") and inner and cause not in meant:
                return [f"failed by {cause}, the original by {inner[1]}: {found.get('error_message', '')[:300]}"]
            return []
        return [
            f"failed with {found.get('error_type')} ({found.get('error_message', '')[:300]}); "
            f"the original {wanted}: {expected['error_message'][:200]}"
        ]

    def _statuses(
        self, expected: Mapping[str, Json], found: Mapping[str, Json], answer: Mapping[str, Json]
    ) -> list[str]:
        failed = {name for name, node in expected.items() if node["status"] == "Failed"}
        if failed and answer.get("node") not in failed:
            return [f"node {answer.get('node')} failed, in the original {sorted(failed)}"]
        return []

    def _lines(self, expected: Sequence[Json], found: Sequence[Json]) -> list[str]:
        problems = []
        if len(expected) != len(found):
            return [f"{len(found)} lines, the original {len(expected)}"]
        for ours, theirs in zip(found, expected, strict=True):
            if ours["status"] != theirs["status"]:
                problems.append(f"line {ours['line']} is {ours['status']}: {ours.get('message', '')[:300]}")
            elif theirs.get("codes") and ours.get("type") != theirs["codes"][-1]:
                problems.append(
                    f"line {ours['line']} failed with {ours.get('type')}, the original {theirs['codes'][-1]}"
                )
        return problems[:3]

    def _nodes(self, case: Case, expected: Mapping[str, Json], found: Mapping[str, Json]) -> list[str]:
        problems = []
        for name, node in expected.items():
            ours = found.get(name)
            if ours is None:
                problems.append(f"node {name} did not run")
                continue
            problems += self._same(f"node {name} status", node["status"], ours["status"])
            if case.is_deterministic and not re.search("<(async_)?generator object", str(node["output"])):
                problems += self._same(f"node {name} output", node["output"], ours["output"])
        problems += [f"node {name} ran" for name in found if name not in expected]
        return problems[:4]

    def _calls(self, expected: Sequence[Json] | None, found: Sequence[Json] | None) -> list[str]:
        theirs = {call: item for item in expected or [] if (call := (item["op"], item["model"], item["sha"]))}
        wanted = Counter((item["op"], item["model"], item["sha"]) for item in expected or [])
        ours = {(item["op"], item["model"], digest(item["body"])): item for item in found or []}
        asked = Counter((item["op"], item["model"], digest(item["body"])) for item in found or [])
        if wanted == asked:
            return []
        missing, more = list((wanted - asked).elements()), list((asked - wanted).elements())
        first_missing = [theirs[call]["body"] for call in missing[:1]]
        first_more = [ours[call]["body"] for call in more[:1]]
        return [
            f"model calls differ: {len(missing)} missing, {len(more)} more; "
            f"missing {first_missing!s:.700}; more {first_more!s:.700}"
        ]

    def _same(self, what: str, expected: Json, found: Json) -> list[str]:
        expected, found = self._neutral(expected), self._neutral(found)
        if expected == found:
            return []
        return [f"{what}: {json.dumps(found)[:300]} instead of {json.dumps(expected)[:300]}"]

    def _neutral(self, value: Json) -> Json:
        text = json.dumps(value, sort_keys=True, default=str)
        text = text.replace(self._corpus, "<corpus>")
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", text)
        text = re.sub(r"_\d{8}_\d{6}_\d{6}", "_<time>", text)
        text = re.sub(r"0x[0-9a-f]{6,}", "0xADDR", text)
        text = re.sub(r"np\.float64\((\w+)\)", r"\1", text)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
        return _neutral(json.loads(text))


def _neutral(value: Json) -> Json:
    """A recorded value without the marks of its recording."""
    if isinstance(value, list):
        return [_neutral(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"__float__": str(value)}
    if not isinstance(value, dict):
        return value
    if list(value) == ["__stream__"]:
        return "".join(map(str, value["__stream__"]))
    return {key: _neutral(item) for key, item in value.items() if key != "__dataclass__"}


def without_floats(value: Json) -> Json:
    """A value in which numbers that are none are null."""
    if isinstance(value, list):
        return [without_floats(item) for item in value]
    if isinstance(value, dict):
        return None if list(value) == ["__float__"] else {key: without_floats(item) for key, item in value.items()}
    return value


def digest(body: Json) -> str:
    """The mark by which a recorded request is known."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]


def _is_wrapped(value: Json) -> bool:
    return isinstance(value, dict) and list(value) == ["output"]


# -- the program


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Worker:
    """A process that runs cases, with a model server of its own; both are started anew when a case hangs."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def run(self, index: int, part: str) -> dict[str, Json]:
        """What a case answers."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"index": index, "part": part}) + "\n")
        process.stdin.flush()
        line = _line_within(process, CASE_SECONDS)
        if line is None:
            self.stop()
            return {"raised": {"type": "Hung", "message": f"no answer in {CASE_SECONDS} s", "chain": []}}
        return json.loads(line)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            port = free_port()
            self._server = subprocess.Popen(
                [sys.executable, str(self._options.model_server), "--port", str(port)], stdout=subprocess.DEVNULL
            )
            _wait_for(port)
            command = [self._options.python, __file__, "--corpus", str(self._options.corpus), "--expected",
                       str(self._options.expected), "--model-server", f"http://127.0.0.1:{port}", "--worker",
                       "--line-seconds", str(self._options.line_seconds)]  # fmt: skip
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._options.errors, text=True
            )
        return self._process

    def stop(self) -> None:
        """End both processes."""
        for process in (self._process, self._server):
            if process is not None:
                process.kill()
                process.wait()
        self._process = self._server = None


def _line_within(process: subprocess.Popen[str], seconds: float) -> str | None:
    import select

    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return (process.stdout.readline() or None) if ready else None


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the model server did not start")


def serve(options: argparse.Namespace, cases: Sequence[Case]) -> None:
    """Run the cases that standard input names; the other end is `Worker`."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what flows print does not stand between the answers
    os.environ["SMALT_CORPUS_SCRATCH"] = str(options.scratch)
    runner = Runner(options.corpus, str(options.model_server), options.line_seconds)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = runner.run(cases[asked["index"]], asked["part"])
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--expected", type=Path, required=True)
    parser.add_argument("--model-server", required=True)
    parser.add_argument("--only", default="", help="run cases whose id contains this")
    parser.add_argument("--part", choices=["test", "batch", "both"], default="both")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--line-seconds", type=float, default=60)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--environment", type=Path)
    parser.add_argument("--report", type=Path, help="write every difference here")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.corpus = options.corpus.resolve()
    if options.environment is not None:
        options.python = environment(options.environment)
    cases = [Case(item) for item in json.loads(options.expected.read_text())["cases"]]
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        options.scratch = scratch
        if options.worker:
            serve(options, cases)
            return 0
        log = options.report.with_suffix(".log") if options.report else Path(os.devnull)
        with log.open("w") as options.errors:
            return report(options, cases)


def environment(folder: Path) -> str:
    """The interpreter of an environment with this repository and what the corpus imports; made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        from uv import find_uv_bin

        uv = find_uv_bin()
        subprocess.run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python), "-e", f"{REPOSITORY}[flows]", *PACKAGES]
        subprocess.run(install, check=True)
    return str(python)


def report(options: argparse.Namespace, cases: Sequence[Case]) -> int:
    """Run all cases, print what differs and the score."""
    comparison = Comparison(options.corpus)
    jobs = [
        (index, part) for index, case in enumerate(cases) if options.only in case.id for part in _parts(case, options)
    ]
    workers = [Worker(options) for _ in range(options.workers)]
    free = list(workers)
    results: dict[tuple[int, str], Verdict] = {}

    def one(job: tuple[int, str]) -> None:
        worker = free.pop()
        try:
            index, part = job
            found = worker.run(index, part)
            results[job] = judged(comparison, cases[index], part, found)
        finally:
            free.append(worker)

    with ThreadPoolExecutor(options.workers) as pool:
        list(pool.map(one, jobs))
    for worker in workers:
        worker.stop()
    return _print(options, cases, jobs, results)


def _parts(case: Case, options: argparse.Namespace) -> list[str]:
    parts = []
    if options.part in ("test", "both"):
        parts += ["test", *case.variants]
    if options.part in ("batch", "both") and ("status" in case.batch or "raised" in case.batch):
        parts.append("batch")
    return parts


class Verdict:
    """How a part of a case went: `met`, `beyond`, `chance`, `not run`, or `differs`, and why."""

    def __init__(self, kind: str, reasons: Sequence[str] = ()) -> None:
        self.kind = kind
        self.reasons = list(reasons)


def judged(comparison: Comparison, case: Case, part: str, found: Mapping[str, Json]) -> Verdict:
    """What a found answer is worth."""
    expected = {"test": case.test, "batch": case.batch}.get(part) or case.variants[part]
    compare = comparison.batch if part == "batch" else comparison.test
    problems = compare(case, expected, found)
    if not problems:
        return Verdict("met")
    if any(word in case.id for word in CHANCE):
        return Verdict("chance", problems)
    better = BETTER.get((case.document["short"], part))
    if better:
        return Verdict("beyond", [better])
    if any(word in json.dumps(expected) for word in MACHINE) and found.get("ok"):
        return Verdict("beyond", ["the original fails for reasons of its machine"])
    raised = found.get("raised") or {}
    missing = re.search(r"No module named '([\w.]+)'|Package tool '(\w+)", raised.get("message", ""))
    if missing and "raised" not in expected:
        return Verdict("not run", [f"needs {missing[1] or missing[2]}"])
    return Verdict("differs", [*problems, raised.get("trace", ""), found.get("cause") or ""])


def _print(
    options: argparse.Namespace,
    cases: Sequence[Case],
    jobs: Sequence[tuple[int, str]],
    results: Mapping[tuple[int, str], Verdict],
) -> int:
    for index, part in jobs:
        verdict = results[index, part]
        if verdict.kind != "met":
            print(f"{verdict.kind}: {cases[index].id} [{part}]: {verdict.reasons[0]}")
    if options.report:
        full = {f"{cases[i].id} [{part}]": v.reasons for (i, part), v in results.items() if v.kind == "differs"}
        options.report.write_text(json.dumps(full, indent=1))
    kinds = ("met", "beyond", "chance", "not run", "differs")
    print(f"{'':15} {'all':>5}" + "".join(f" {kind:>8}" for kind in kinds))
    totals: dict[str, Counter[str]] = {}
    for index, part in jobs:
        name = f"{cases[index].kind} {'batch' if part == 'batch' else 'test'}"
        for row in (name, "together"):
            totals.setdefault(row, Counter())[results[index, part].kind] += 1
    for name in sorted(totals, key=lambda row: (row == "together", row)):
        print(f"{name:15} {sum(totals[name].values()):5}" + "".join(f" {totals[name][kind]:8}" for kind in kinds))
    return 1 if totals.get("together", Counter())["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
