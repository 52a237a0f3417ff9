"""What reaches which deployment, and how it comes back."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway.running import KEY, Gateway, deployment, endpoint


@pytest.fixture(autouse=True)
def serving(gateway, blue, green):
    gateway.serve(endpoint({"blue": deployment(blue), "green": deployment(green)}))


def test_a_request_reaches_the_scorer_and_its_answer_the_caller(gateway):
    reply = gateway.ask({"a": 1}, headers={"x-request-id": "mine", "x-custom": "kept"})

    assert reply.status == 200
    assert reply.json["asked"] == {"a": 1}
    assert reply.json["path"] == "/score?"
    assert reply.json["headers"]["x-request-id"] == "mine"
    assert reply.json["headers"]["x-custom"] == "kept"
    assert reply.headers["x-own"] == "mine"
    assert reply.headers["azureml-model-deployment"] == "blue"
    assert reply.headers["x-ms-request-id"] == reply.headers["x-request-id"] == "mine"


def test_the_key_does_not_reach_the_scorer(gateway):
    assert "authorization" not in gateway.ask({}).json["headers"]


def test_health_and_swagger_of_the_scorer_are_below_the_endpoint(gateway):
    assert gateway.ask(method="GET", path="/endpoints/w/e/").body == b"Healthy"
    assert gateway.ask(method="GET", path="/endpoints/w/e").body == b"Healthy"
    assert gateway.ask(method="GET", path="/endpoints/w/e/swagger.json?version=3").json["openapi"]
    assert gateway.ask(method="HEAD", path="/endpoints/w/e/").body == b""
    assert gateway.ask({}, path="/endpoints/w/e/other").status == 404


def test_the_header_names_a_deployment_whatever_its_traffic(gateway):
    reply = gateway.ask({}, headers={"azureml-model-deployment": "green"})
    unknown = gateway.ask({}, headers={"azureml-model-deployment": "red"})

    assert reply.json["name"] == "green"
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "DeploymentNotFound")


def test_traffic_is_split_by_weight(gateway, blue, green):
    gateway.serve(endpoint({"blue": deployment(blue), "green": deployment(green)}, traffic={"blue": 75, "green": 25}))
    counts = Counter(gateway.ask({}).json["name"] for _ in range(200))

    assert 20 <= counts["green"] <= 85
    assert counts.total() == 200


def test_without_traffic_there_is_no_answer(gateway, blue):
    gateway.serve(endpoint({"blue": deployment(blue)}, traffic={"blue": 0}))
    reply = gateway.ask({})

    assert (reply.status, reply.json["error"]["code"]) == (404, "NoTraffic")


def test_copies_go_to_the_mirror_and_their_answers_nowhere(gateway, blue, green):
    gateway.serve(endpoint({"blue": deployment(blue), "green": deployment(green)}, mirror={"green": 100}))
    before = gateway.stats("green")

    reply = gateway.ask({"print": "seen-by-both", "fail": False})
    named = gateway.ask({"print": "seen-by-one"}, headers={"azureml-model-deployment": "blue"})
    green.wait_for("seen-by-both")
    blue.wait_for("seen-by-one")

    assert reply.json["name"] == named.json["name"] == "blue"
    assert "seen-by-one" not in green.log
    assert gateway.stats("green")["statuses"] == before["statuses"]
    assert gateway.stats("green")["model_statuses"].get("500", 0) == before["model_statuses"].get("500", 0)


def test_a_failure_of_the_model_is_a_424_with_its_status(gateway):
    failed = gateway.ask({"fail": True})
    told = gateway.ask({"status": 418})

    assert failed.status == told.status == 424
    assert failed.headers["ms-azureml-model-error-statuscode"] == "500"
    assert failed.headers["x-ms-run-function-failed"] == "True"
    assert told.headers["ms-azureml-model-error-statuscode"] == "418"
    assert told.json["asked"] == {"status": 418}


def test_a_slow_model_is_a_408_and_its_worker_is_used_again(gateway, blue, tmp_path):
    gateway.serve(endpoint({"blue": deployment(blue, request_timeout_ms=200)}))
    slow = [gateway.ask({"until": str(tmp_path / "go")}) for _ in range(2)]
    (tmp_path / "go").touch()
    gateway.serve(endpoint({"blue": deployment(blue)}))

    assert [each.status for each in slow] == [408, 408]
    assert gateway.ask({}).status == 200


def test_answers_are_streamed_as_they_come(gateway, tmp_path):
    go = tmp_path / "go"
    connection = gateway.connect()
    asked = json.dumps({"pieces": 3, "go": str(go)})
    connection.request("POST", "/endpoints/w/e/score", asked, {"authorization": "Bearer second"})
    answer = connection.getresponse()

    assert answer.getheader("content-type") == "text/event-stream"
    assert answer.readline() == b"data: 0\n"
    go.touch()
    assert answer.read() == b"\ndata: 1\n\ndata: 2\n\n"
    connection.close()


def test_a_stream_ends_when_its_caller_leaves(gateway, blue, tmp_path_factory):
    go = (
        tmp_path_factory.mktemp("leaving") / "go"
    )  # It outlives the test, after which the script may look for it still.
    connection = gateway.connect()
    asked = json.dumps({"pieces": 10_000_000, "go": str(go), "print": "endless"})
    connection.request("POST", "/endpoints/w/e/score", asked, {"authorization": "Bearer second"})
    answer = connection.getresponse()
    answer.readline()
    connection.close()
    answer.close()
    go.touch()

    assert [gateway.ask({}).status for _ in range(4)] == [200] * 4


def test_bodies_of_any_size_and_in_chunks(gateway):
    large = b"[" + b" " * 3_000_000 + b"]"
    connection = gateway.connect()
    headers = {"authorization": "Bearer second"}
    connection.request("POST", "/endpoints/w/e/score", iter([large[:1000], large[1000:]]), headers, encode_chunked=True)

    assert json.loads(connection.getresponse().read()) == {"size": len(large)}
    connection.request("POST", "/endpoints/w/e/score", large, headers)
    assert json.loads(connection.getresponse().read()) == {"size": len(large)}
    connection.request("POST", "/endpoints/w/e/score", '{"large": 5000000}', headers)
    assert len(connection.getresponse().read()) == 5_000_000
    connection.close()


def test_the_context_of_a_trace_goes_on(gateway):
    parent = f"00-{'a' * 32}-{'b' * 16}-01"
    seen = gateway.ask({}, headers={"traceparent": parent}).json["headers"]["traceparent"]

    assert seen.startswith(f"00-{'a' * 32}-")
    assert seen != parent
    assert seen.endswith("-01")


def test_a_change_of_the_table_loses_no_request(gateway: Gateway, blue, green):
    over = False

    def keep_asking() -> list[int]:
        statuses = []
        while not over:
            statuses.append(gateway.ask({}).status)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        until = time.monotonic() + 1
        while time.monotonic() < until:
            gateway.serve(endpoint({"blue": deployment(blue), "green": deployment(green)}, traffic={"green": 100}))
            gateway.serve(endpoint({"blue": deployment(blue)}))
        over = True

    statuses = Counter(status for each in asking for status in each.result())
    assert set(statuses) == {200}


def test_a_streamed_body_that_a_worker_has_lost_unread_is_not_sent_again_without_it(gateway, tmp_path_factory):
    path = tmp_path_factory.mktemp("w") / "w.sock"
    with socket.socket(socket.AF_UNIX) as listener, contextlib.closing(gateway.connect()) as caller:
        listener.bind(str(path))
        listener.listen()
        gateway.serve(endpoint({"blue": {"workers": [{"address": f"unix:{path}"}], "request_timeout_ms": 20_000}}))
        caller.putrequest("POST", "/endpoints/w/e/score")
        caller.putheader("authorization", f"Bearer {KEY}")
        caller.putheader("content-length", "300000")
        caller.endheaders(b"x" * 280_000)
        taken, _ = listener.accept()
        assert select.select([taken], [], [], 20)[0]
        caller.send(b"x" * 20_000)
        gateway.own("/healthz")  # by when the end of the body has come in, too

        taken.close()  # with all of it unread

        answer = caller.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (502, "WorkerLost")


def test_a_streamed_body_that_a_busy_worker_gives_back_is_not_sent_again_without_it(gateway, tmp_path_factory):
    path = tmp_path_factory.mktemp("busy") / "w.sock"
    with socket.socket(socket.AF_UNIX) as listener, contextlib.closing(gateway.connect()) as caller:
        listener.bind(str(path))
        listener.listen()
        gateway.serve(endpoint({"blue": {"workers": [{"address": f"unix:{path}"}], "request_timeout_ms": 20_000}}))
        caller.putrequest("POST", "/endpoints/w/e/score")
        caller.putheader("authorization", f"Bearer {KEY}")
        caller.putheader("content-length", "300000")
        caller.endheaders(b"x" * 280_000)
        taken, _ = listener.accept()
        assert select.select([taken], [], [], 20)[0]  # What has come is on its way, and is kept no longer.
        caller.send(b"x" * 20_000)
        with taken, taken.makefile("rb") as sent:
            while sent.readline().strip():
                pass
            assert len(sent.read(300_000)) == 300_000

            busy = b"x-smalt-refused: 1\r\nx-smalt-not-begun: 1\r\ncontent-length: 2\r\n\r\n{}"
            taken.sendall(b"HTTP/1.1 503 Busy\r\n" + busy)

            answer = caller.getresponse()
            assert (answer.status, answer.read()) == (503, b"{}")
