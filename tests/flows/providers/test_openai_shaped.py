"""Services that speak the OpenAI protocol: addresses, retries, streams, failures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from smalt.flows.connections import AzureOpenAIConnection, OpenAIConnection, SerpConnection, ServerlessConnection
from smalt.flows.providers import ChatRequest, InvalidConnectionType, Operation, Tokens, provider_for
from smalt.flows.providers.errors import ExceedMaxRetryTimes, WrappedOpenAIError
from tests.flows.models import ModelService, model_service


@pytest.fixture
def service() -> Iterator[ModelService]:
    with model_service() as found:
        yield found


def ask(text: str = "hello", **more) -> ChatRequest:
    return ChatRequest(model="gpt", body={"messages": [{"role": "user", "content": text}]}, **more)


def openai(service: ModelService, **more) -> OpenAIConnection:
    return OpenAIConnection(api_key="k", base_url=f"{service.url}/v1", **more)


def test_openai_gets_the_key_the_organization_and_the_model(service):
    answer = provider_for(openai(service, organization="org")).complete_now(ask())

    call = service.calls[0]
    assert (answer.text, answer.tokens) == ("said hello", Tokens(3, 2, 5))
    assert call["path"] == "/v1/chat/completions"
    assert (call["headers"]["authorization"], call["headers"]["openai-organization"]) == ("Bearer k", "org")
    assert call["body"]["model"] == "gpt"


def test_azure_puts_the_deployment_into_the_address(service):
    connection = AzureOpenAIConnection(api_key="k", api_base=service.url + "/", api_version="v1")

    provider_for(connection).complete_now(ask())

    assert service.calls[0]["path"] == "/openai/deployments/gpt/chat/completions?api-version=v1"
    assert service.calls[0]["headers"]["api-key"] == "k"


def test_a_serverless_endpoint_answers_under_v1(service):
    connection = ServerlessConnection(api_key="k", api_base=service.url)

    provider_for(connection).complete_now(ChatRequest("", {"prompt": "p"}, Operation.COMPLETION))

    assert (service.calls[0]["path"], "model" in service.calls[0]["body"]) == ("/v1/completions", False)


def test_a_refusal_for_now_is_waited_out_as_the_service_asks(service):
    service.answers.append((429, {"retry-after-ms": "5"}, {"error": {"message": "slow down"}}))
    service.answers.append((503, {"retry-after": "0"}, {}))

    answer = asyncio.run(provider_for(openai(service)).complete(ask()))

    assert (answer.text, answer.tries, len(service.calls)) == ("said hello", 3, 3)


def test_no_credit_is_told_at_once(service):
    service.answers.append((429, {}, {"error": {"message": "no", "code": "insufficient_quota"}}))

    with pytest.raises(WrappedOpenAIError, match=r"hits RateLimitError.*no credit left"):
        provider_for(openai(service)).complete_now(ask())

    assert len(service.calls) == 1


def test_a_wrong_request_is_not_repeated_and_says_what_the_service_said(service):
    service.answers.append((400, {}, {"error": {"message": "bad prompt"}}))

    with pytest.raises(WrappedOpenAIError, match=r"hits BadRequestError: Error code: 400 - bad prompt"):
        provider_for(openai(service)).complete_now(ask())

    assert len(service.calls) == 1


def test_after_the_last_try_the_number_of_tries_is_told(service):
    service.answers.extend([(500, {"retry-after": "0"}, b"oops")] * 2)

    with pytest.raises(ExceedMaxRetryTimes, match=r"\(2\).*InternalServerError.*500"):
        provider_for(openai(service)).complete_now(ask(max_tries=2))


def test_a_service_that_is_not_there_is_named():
    connection = OpenAIConnection(name="gone", api_key="k", base_url="http://127.0.0.1:9/v1", limits={"max_tries": 1})

    with pytest.raises(WrappedOpenAIError, match=r"APIConnectionError.*'gone'"):
        provider_for(connection).complete_now(ask())


def test_pieces_arrive_one_by_one_with_the_count_at_the_end(service):
    async def read() -> list:
        return [piece async for piece in provider_for(openai(service)).stream(ask("one two"))]

    pieces = asyncio.run(read())

    assert "".join(piece.text for piece in pieces) == "one two "
    assert pieces[-1].tokens == Tokens(3, 2, 5)
    assert [piece.text for piece in provider_for(openai(service)).stream_now(ask("x"))] == ["x ", ""]


def test_the_same_connection_shares_its_limits_and_a_loop_is_no_bound(service):
    connection = openai(service, limits={"max_concurrency": 2})

    async def many() -> None:
        await asyncio.gather(*(provider_for(connection).complete(ask()) for _ in range(20)))

    asyncio.run(many())
    asyncio.run(many())

    assert len(service.calls) == 40
    assert service.most_at_once <= 2


def test_the_key_is_in_no_message(service):
    service.answers.append((401, {}, {"error": {"message": "bad key"}}))

    with pytest.raises(WrappedOpenAIError) as failure:
        provider_for(openai(service, name="c")).complete_now(ask())

    assert "Bearer" not in str(failure.value)
    assert "Check the api_key" in failure.value.message


def test_a_search_connection_answers_no_questions():
    with pytest.raises(InvalidConnectionType, match="serp"):
        provider_for(SerpConnection(api_key="k"))
