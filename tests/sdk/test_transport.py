"""What a client does when a server is busy, broken, away or says no."""

from __future__ import annotations

import httpx2
import pytest
from starlette.responses import JSONResponse, Response

from smalt.errors import InvalidRequest, NotFound, ValidationFailed
from smalt.sdk.client import MLClient
from smalt.sdk.errors import NoServer, ServerFailed
from smalt.sdk.poller import Poller
from smalt.sdk.transport import Transport
from tests.sdk.fake_server import SCOPE, TOKEN, Fake


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def transport(fake: Fake, pauses: list[float]) -> Transport:
    return Transport(fake.url, lambda: TOKEN, sleep=pauses.append)


def test_a_busy_server_is_asked_again_after_the_time_it_names(
    fake: Fake, transport: Transport, pauses: list[float]
) -> None:
    fake.answers = [Response(status_code=429, headers={"Retry-After": "7"}), Response(status_code=503)]

    found = transport.json("GET", SCOPE)

    assert found["name"] == "default"
    assert pauses[0] == 7.0
    assert 0 < pauses[1] <= 1


def test_a_refusal_tells_code_target_and_details(fake: Fake, transport: Transport) -> None:
    inner = {"message": "Too long.", "target": "name", "code": "UserError"}
    error = {"code": "ValidationError", "message": "The model is not valid.", "target": "model", "details": [inner]}
    fake.answers = [JSONResponse({"error": error}, 400)]

    with pytest.raises(ValidationFailed, match="The model is not valid") as caught:
        transport.json("PUT", f"{SCOPE}/models/x", body={})

    assert caught.value.target == "model"
    assert [(each.target, each.message) for each in caught.value.details] == [("name", "Too long.")]


def test_a_post_is_not_repeated_when_it_may_have_been_done(fake: Fake, transport: Transport) -> None:
    fake.answers = [Response(status_code=502)]

    with pytest.raises(ServerFailed):
        transport.request("POST", f"{SCOPE}/x/y")

    assert len(fake.requests) == 1


def test_a_server_that_is_away_is_told_with_the_remedy(pauses: list[float]) -> None:
    transport = Transport("http://127.0.0.1:9", lambda: TOKEN, sleep=pauses.append)

    with pytest.raises(NoServer, match="smalt up --detach"):
        transport.json("GET", "/")

    assert len(pauses) == 3


def test_a_page_of_something_else_is_no_answer_of_ours(fake: Fake, transport: Transport) -> None:
    fake.answers = [Response("<html>hello</html>")]

    with pytest.raises(ServerFailed, match="Is this the address of a smalt server"):
        transport.json("GET", SCOPE)


def test_lists_fetch_a_page_only_when_it_is_reached(fake: Fake, transport: Transport) -> None:
    for number in range(5):
        transport.json("PUT", f"{SCOPE}/models/m/versions/{number}", body={"properties": {}})
    fake.requests.clear()

    items = transport.items(f"{SCOPE}/models/m/versions")
    first = [next(items)["name"], next(items)["name"]]

    assert first == ["4", "3"]
    assert len(fake.requests) == 1
    assert [item["name"] for item in items] == ["2", "1", "0"]


def test_the_token_stays_with_its_server() -> None:
    sent: list[httpx2.Request] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200)

    transport = Transport("http://smalt.test:1", lambda: TOKEN)
    transport._client = httpx2.Client(transport=httpx2.MockTransport(note))

    transport.request("GET", "/own")
    transport.request("GET", "https://smalt.test:2/other-port")
    transport.request("GET", "https://elsewhere.test/x")
    transport.request("GET", "/signed?sig=abc")

    carried = [request.headers.get("Authorization") for request in sent]
    assert carried == [f"Bearer {TOKEN}", f"Bearer {TOKEN}", None, None]
    assert str(sent[1].url) == "http://smalt.test:1/other-port"


def test_an_operation_is_asked_about_until_it_ends(fake: Fake, transport: Transport, pauses: list[float]) -> None:
    begun = httpx2.Response(202, headers={"Azure-AsyncOperation": f"{fake.url}/operations/1", "Retry-After": "1"})
    running = JSONResponse({"status": "InProgress"}, headers={"Retry-After": "2"})
    fake.answers = [running, JSONResponse({"status": "Succeeded"})]
    poller = Poller(transport, begun, lambda: "the result", sleep=pauses.append)

    assert poller.status() == "InProgress"
    assert poller.result() == "the result"
    assert pauses == [2.0]


def test_an_operation_that_fails_tells_why(fake: Fake, transport: Transport, pauses: list[float]) -> None:
    begun = httpx2.Response(202, headers={"Location": f"{fake.url}/operations/1"})
    fake.answers = [JSONResponse({"status": "Failed", "error": {"message": "No room left."}})]

    with pytest.raises(ServerFailed, match="No room left"):
        Poller(transport, begun, lambda: None, sleep=pauses.append).result()


def test_names_never_reach_outside_their_collection(client: MLClient, fake: Fake) -> None:
    for name in ("../codes/x", "a/b", "", ".."):
        with pytest.raises(InvalidRequest, match="is no name"):
            client.jobs.get(name)
    with pytest.raises(NotFound):
        client.jobs.get("x?y=1#z")
    assert fake.requests[-1].endswith("/jobs/x%3Fy=1%23z?")
