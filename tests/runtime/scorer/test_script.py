"""Scoring scripts: what `run` gets, what callers get, and what they never see."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtime.scorer.instance import Instance

ECHO = """
import json, os
def init():
    print("model folder", os.environ.get("AZUREML_MODEL_DIR"))
def run(raw_data):
    asked = json.loads(raw_data)
    print("asked", asked)
    if asked == "fail":
        raise ValueError("a secret of the model")
    return {"echo": asked, "kind": type(raw_data).__name__}
"""


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("echo")
    with Instance(folder, model_dir="/models/m", max_body_bytes=100_000).script(ECHO) as instance:
        yield instance


def test_run_gets_the_text_of_the_body_and_its_result_is_sent_as_json(echo):
    reply = echo.ask({"a": [1, 2]})

    assert reply.status == 200
    assert reply.json == {"echo": {"a": [1, 2]}, "kind": "str"}
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert float(reply.headers["x-ms-run-fn-exec-ms"]) > 0


def test_parameters_of_a_get_become_json(echo):
    reply = echo.ask(method="GET", path="/score?a=1&b=x&a=2")

    assert reply.json["echo"] == {"a": [1, 2], "b": "x"}


def test_what_a_script_prints_is_in_the_log(echo):
    echo.ask("hello-log")

    echo.wait_for("asked hello-log")
    assert "model folder /models/m" in echo.log


def test_an_exception_is_in_the_log_and_never_in_the_answer(echo):
    reply = echo.ask("fail")

    assert reply.status == 500
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    echo.wait_for("ValueError: a secret of the model")


def test_ids_come_back_and_long_ones_are_refused(echo):
    reply = echo.ask(1, headers={"x-request-id": "mine", "x-ms-client-request-id": "theirs"})
    refused = echo.ask(1, headers={"x-request-id": "x" * 101})

    assert reply.headers["x-request-id"] == "mine"
    assert reply.headers["x-ms-client-request-id"] == "theirs"
    assert refused.status == 431


def test_health_swagger_and_nothing_else(echo):
    assert echo.ask(method="GET", path="/").body == b"Healthy"
    assert echo.ask(method="GET", path="/swagger.json").json["swagger"] == "2.0"
    assert echo.ask(method="GET", path="/swagger.json?version=3").json["openapi"].startswith("3.0")
    assert echo.ask(method="GET", path="/swagger.json?version=9").status == 404
    assert echo.ask(method="DELETE").status == 405
    assert echo.ask({}, path="/elsewhere").status == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /score HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"400"),
        (b"POST /score HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", b"400"),
        (b"POST /score HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", b"400"),
        (b"POST /score HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /score HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", b"400"),
        (b"POST /score HTTP/1.1\r\ncontent-length: 100001\r\n\r\n", b"413"),
        (b"POST /score HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n", b"413"),
        (b"POST /score HTTP/1.1\r\nbad header\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 70_000, b"431"),
    ],
)
def test_malformed_requests_are_refused_and_the_worker_goes_on(echo, sent, status):
    connection = echo.connect()
    connection.connect()
    connection.sock.sendall(sent)

    assert connection.sock.recv(65536).split()[1] == status
    connection.close()
    assert echo.ask(1).status == 200


def test_bodies_in_chunks_and_several_requests_on_one_connection(echo):
    connection = echo.connect()
    connection.connect()
    chunked = b"POST /score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunked += b"2\r\n[1\r\n3;x=y\r\n,2]\r\n0\r\nt: v\r\n\r\n"
    connection.sock.sendall(chunked + chunked)

    received = b""
    while received.count(b'"echo": [1, 2]') < 2:
        piece = connection.sock.recv(65536)
        assert piece
        received += piece
    connection.close()


def test_a_request_that_takes_too_long_is_given_up_and_the_worker_stays(tmp_path):
    script = "def init(): pass\ndef run(data):\n    while data == 'on':\n        pass\n    return data\n"
    with Instance(tmp_path, request_timeout_ms=300).script(script) as instance:
        before = instance.pids()
        reply = instance.ask(b"on")
        after = instance.ask(b"off")

        assert reply.status == 408
        assert after.json == "off"
        assert instance.pids() == before


def test_threads_score_at_once_and_are_interrupted_alone(tmp_path):
    script = """
import threading
barrier = threading.Barrier(2)
def init(): pass
def run(data):
    if data == "endless":
        while True:
            pass
    barrier.wait(30)
    return data
"""
    config = {"concurrency_per_worker": 3, "request_timeout_ms": 3000}
    with Instance(tmp_path, **config).script(script) as instance, ThreadPoolExecutor(3) as pool:
        endless = pool.submit(instance.ask, b"endless")
        replies = [pool.submit(instance.ask, each) for each in (b"1", b"2")]

        assert [each.result().json for each in replies] == ["1", "2"]
        assert endless.result().status == 408


def test_coroutines_score_at_once(tmp_path):
    script = """
import asyncio
met = asyncio.Event()
async def init():
    await asyncio.sleep(0)
async def run(data):
    if data == "late":
        await asyncio.sleep(30)
    if data == "second":
        met.set()
    await met.wait()
    return data
"""
    config = {"concurrency_per_worker": 3, "request_timeout_ms": 3000}
    with Instance(tmp_path, **config).script(script) as instance, ThreadPoolExecutor(3) as pool:
        late, first = pool.submit(instance.ask, b"late"), pool.submit(instance.ask, b"first")
        second = pool.submit(instance.ask, b"second")

        assert (first.result().json, second.result().json) == ("first", "second")
        assert late.result().status == 408


def test_requests_are_put_together_and_a_bad_one_spoils_no_other(tmp_path):
    script = """
import json
def init(): pass
def run(data):
    return [json.loads(data), 1]
def run_batch(texts):
    return [[json.loads(each), len(texts)] for each in texts]
"""
    config = {"batching": {"max_size": 3, "max_delay_ms": 10_000}}
    with Instance(tmp_path, **config).script(script) as instance, ThreadPoolExecutor(6) as pool:
        together = list(pool.map(instance.ask, [b"1", b"2", b"3"]))
        apart = list(pool.map(instance.ask, [b"4", b"bad", b"5"]))

        assert [each.json for each in together] == [[1, 3], [2, 3], [3, 3]]
        assert [each.status for each in apart] == [200, 500, 200]
        assert [apart[0].json, apart[2].json] == [[4, 1], [5, 1]]


RAW = """
import os, time
from {package}.aml_request import AMLRequest, rawhttp
from {package}.aml_response import AMLResponse
def init(): pass
@rawhttp
def run(request):
    if request.path == "/score" and request.args.get("kind") == "stream":
        def pieces():
            yield b"first"
            while not os.path.exists("go"):
                time.sleep(0.01)
            yield b"second"
        return AMLResponse(pieces(), 200)
    if request.args.get("kind") == "inject":
        return AMLResponse("x", 200, {{"evil": "a\\r\\nset-cookie: b"}})
    if request.method == "POST" and request.files:
        return AMLResponse(request.files["f"].read() + request.form["n"].encode(), 200)
    if request.method == "GET":
        return AMLResponse({{"q": request.args.get("q")}}, 201, {{"x-mine": "yes"}}, json_str=True)
    return AMLResponse(request.get_data()[::-1], 200, {{"Content-Type": "image/png"}})
"""
OLD, NEW = "azureml.contrib.services", "azureml_inference_server_http.api"


@pytest.fixture(scope="module", params=["ours", "real"])
def raw(request, tmp_path_factory):
    """The same script with our own modules, and with Azure's packages."""
    python = request.getfixturevalue("scoring_python") if request.param == "real" else None
    instance = Instance(tmp_path_factory.mktemp("raw"), **({"python": python} if python else {}))
    with instance.script(RAW.format(package=OLD if python else NEW)):
        yield instance


def test_rawhttp_gets_the_request_and_says_status_and_headers(raw):
    turned = raw.ask(b"\x00\xffabc")
    made = raw.ask(method="GET", path="/score?q=a%20b")

    assert (turned.body, turned.headers["content-type"]) == (b"cba\xff\x00", "image/png")
    assert (made.status, made.json, made.headers["x-mine"]) == (201, {"q": "a b"}, "yes")


def test_rawhttp_reads_forms_with_files(raw):
    part = '--b\r\ncontent-disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    body = part.format("f", '; filename="a.txt"', "file") + part.format("n", "", "name") + "--b--\r\n"

    reply = raw.ask(body.encode(), headers={"content-type": "multipart/form-data; boundary=b"})

    assert reply.body == b"filename"


def test_pieces_are_sent_as_they_come(raw):
    connection = raw.connect()
    connection.request("GET", "/score?kind=stream")
    answer = connection.getresponse()

    assert answer.read(5) == b"first"
    (raw.code / "go").touch()
    assert answer.read() == b"second"
    connection.close()


def test_a_header_cannot_be_smuggled_into_an_answer(raw):
    reply = raw.ask(method="GET", path="/score?kind=inject")

    assert reply.status == 500
    assert "set-cookie" not in reply.headers


def test_decorated_scripts_get_what_they_declare_and_describe_it(tmp_path, scoring_python):
    script = """
import numpy
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema
def init(): pass
@input_schema("data", NumpyParameterType(numpy.array([[1, 2]])))
@input_schema("factor", StandardPythonParameterType(2), optional=True)
@output_schema(NumpyParameterType(numpy.array([3])))
def run(data, factor=10):
    return (data.sum(axis=1) * factor).tolist()
"""
    with Instance(tmp_path, python=scoring_python).script(script) as instance:
        swagger = instance.ask(method="GET", path="/swagger.json?version=3").json
        missing = instance.ask({"factor": 1})

        assert instance.ask({"data": [[1, 2], [3, 4]]}).json == [30, 70]
        assert instance.ask({"data": [[1, 2]], "factor": 1}).json == [3]
        assert "data" in swagger["components"]["schemas"]["ServiceInput"]["properties"]
        assert missing.status == 400
        assert "'data'" in missing.json["message"]
        assert instance.ask(b"[1", headers={"content-type": "application/json"}).status == 400
        assert instance.ask({"data": 1}, headers={"content-type": "text/plain"}).status == 415


def test_the_data_collector_of_azure_writes_its_records(tmp_path, scoring_python):
    script = """
import json
import pandas
from azureml.ai.monitoring import Collector
from azureml.ai.monitoring.context import BasicCorrelationContext
def init():
    global inputs, refused
    inputs = Collector(name="model_inputs")
    refused = []
    Collector(name="unknown", on_error=refused.append)
def run(data):
    frame = pandas.DataFrame(json.loads(data))
    inputs.collect(frame, BasicCorrelationContext(id="request-1"))
    return len(refused)
"""
    collect = {"path": str(tmp_path / "data"), "collections": {"model_inputs": {"enabled": True}}, "rolling": "day"}
    with Instance(tmp_path, python=scoring_python, collect=collect).script(script) as instance:
        assert instance.ask([{"a": 1, "b": "x"}]).json == 1
        instance.wait_for("data collector ready")
    found = _records(tmp_path / "data" / "modelDataCollector" / "e" / "blue" / "model_inputs")

    assert [each["data"] for each in found] == [[{"a": 1, "b": "x"}]]
    assert found[0]["specversion"] == "1.0"
    assert found[0]["type"] == "azureml.inference.model_inputs"
    assert found[0]["correlationid"] == "request-1"
    assert found[0]["collectdatatype"].endswith("DataFrame")


def _records(folder: Path) -> list[dict[str, object]]:
    """Waits for the client, which sends from a thread of its own."""
    done = threading.Event()
    for _ in range(400):
        found = [json.loads(line) for path in sorted(folder.rglob("*.jsonl")) for line in path.open()]
        if found:
            return found
        done.wait(0.01)
    return []
