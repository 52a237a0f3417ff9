"""Models that are flow folders: served without a script, with the connections they name and no others."""

from __future__ import annotations

import json
import uuid
from urllib.parse import unquote

from smalt.kit import sockets
from smalt.server.work import SYSTEM

FLOW = """
inputs:
  question: {type: string, is_chat_input: true}
outputs:
  answer: {type: string, reference: "${say.output}", is_chat_output: true}
nodes:
- name: say
  type: python
  source: {type: code, path: say.py}
  inputs: {question: "${inputs.question}", llm: my_llm}
"""
TOOL = """
from promptflow.core import tool
from promptflow.connections import OpenAIConnection

@tool
def say(question: str, llm: OpenAIConnection) -> str:
    return f"{question} {len(llm.api_key)} at {llm.base_url}"
"""
CONNECTION = {"category": "OpenAI", "authType": "ApiKey", "target": "http://there/v1", "credentials": {"key": "secret"}}
ONE_SPAN = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "a" * 32,
                            "spanId": "b" * 16,
                            "name": "flow",
                            "startTimeUnixNano": "1",
                            "endTimeUnixNano": "2",
                        }
                    ]
                }
            ]
        }
    ]
}
ROLES = "/providers/Microsoft.Authorization"


def flow_model(place, files):
    """The id of a model that is a folder with these files."""
    slot = place.call(
        "POST", "/models/chat/versions/1/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"}
    )
    held = slot["blobReferenceForConsumption"]
    path, _, query = held["credential"]["sasUri"].partition("?")
    for name, text in files.items():
        sent = place.client.put(
            f"/{path.split('/', 3)[3]}/chat/{name}?{query}",
            content=text.encode(),
            headers={"x-ms-blob-type": "BlockBlob"},
        )
        assert sent.status_code == 201, sent.text
    body = {"properties": {"modelType": "custom_model", "modelUri": f"{held['blobUri']}/chat"}}
    return place.call("PUT", "/models/chat/versions/1", body)["id"]


def body(model):
    return {"location": "local", "properties": {"endpointComputeType": "Managed", "model": model}}


def asked(address, path, document):
    connection = sockets.connection(address, 10)
    connection.request("POST", path, body=json.dumps(document))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content)


def test_a_flow_folder_answers_with_the_connection_it_names(place):
    place.call("PUT", "/connections/my_llm", {"properties": CONNECTION})
    place.call("PUT", "/connections/other", {"properties": {**CONNECTION, "credentials": {"key": "not for it"}}})
    place.endpoint()
    place.call(
        "PUT", "/onlineEndpoints/ep/deployments/blue", body(flow_model(place, {"flow.dag.yaml": FLOW, "say.py": TOOL}))
    )

    place.turn_until(lambda: place.state() != "Creating", seconds=120)

    (address,) = place.workers()
    assert asked(address, "/score", {"question": "Hi"}) == (200, {"answer": "Hi 6 at http://there/v1"})
    status, chat = asked(address, "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hey"}]})
    assert (status, chat["choices"][0]["message"]["content"]) == (200, "Hey 6 at http://there/v1")
    status, refused = asked(address, "/score", {})
    assert status == 400
    assert "question" in refused["message"]
    (given,) = (place.home / "deployments").rglob("connections.json")
    assert "not for it" not in given.read_text()
    assert given.stat().st_mode & 0o077 == 0


def test_who_may_not_see_the_secrets_of_a_connection_cannot_have_a_flow_see_them(place):
    place.call("PUT", "/connections/my_llm", {"properties": CONNECTION})
    place.endpoint()
    model = flow_model(place, {"flow.dag.yaml": FLOW, "say.py": TOOL})
    prefix = "Microsoft.MachineLearningServices/workspaces"
    role = {
        "roleName": "Deployer",
        "permissions": [{"actions": [f"{prefix}/*"], "notActions": [f"{prefix}/connections/listsecrets/action"]}],
        "assignableScopes": [place.scope],
    }
    made = place.call("PUT", f"{ROLES}/roleDefinitions/{uuid.uuid4()}", {"properties": role})
    person = place.client.post("/smalt/actors", json={"name": "dee", "kind": "service_principal"}).json()
    given = {"roleDefinitionId": made["id"], "principalId": person["id"]}
    place.call("PUT", f"{ROLES}/roleAssignments/{uuid.uuid4()}", {"properties": given})
    form = {
        "grant_type": "client_credentials",
        "client_id": person["clientId"],
        "client_secret": person["clientSecret"],
    }
    token = place.client.post("/t/oauth2/v2.0/token", data={**form, "scope": "x/.default"}).json()["access_token"]

    answer = place.client_of(token).put(f"{place.scope}/onlineEndpoints/ep/deployments/blue", json=body(model))

    assert answer.status_code == 403
    assert "my_llm" in answer.json()["error"]["message"]


def test_a_flow_file_that_cannot_be_read_is_explained_by_the_deployment(place):
    place.endpoint()

    made = place.client.put(
        f"{place.scope}/onlineEndpoints/ep/deployments/blue",
        json=body(flow_model(place, {"flow.dag.yaml": "nodes: ["})),
    )

    assert made.status_code == 201, made.text


def test_instances_of_flows_send_their_traces_with_a_token_that_opens_nothing_else(place):
    place.endpoint()
    traces = place.loop._outside.traces
    with place.works.write(SYSTEM) as work:
        workspace = place.loop._outside.workspaces.resolve(work, {"workspace": "default"})
        given = traces.variables(work, workspace, "ep", "blue", {})
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://elsewhere"}
        assert traces.variables(work, workspace, "ep", "blue", told) == {}
    token = unquote(given["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]).removeprefix("Authorization=Bearer ")
    instance = place.client_of(token)
    path = given["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].removeprefix(place.settings.url)

    sent = instance.post(path, json=ONE_SPAN)

    assert sent.status_code == 200, sent.text
    (found,) = place.call("GET", "/smalt/traces?endpoint=ep")["value"]
    assert (found["deployment"], found["job"]) == ("blue", None)
    assert instance.get(f"{place.scope}/smalt/traces").status_code == 403
    assert instance.post("/mlflow/default/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}).status_code == 403
    with place.works.write(SYSTEM) as work:
        traces.end(work, workspace.id, "ep", "blue")
    assert instance.post(path, json=ONE_SPAN).status_code == 401
