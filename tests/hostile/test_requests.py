"""Hostile requests, one a line: each is refused in its wire's envelope, with code and remedy, and changes nothing.

`{ws}` stands for the workspace, `{flow}` for its MLflow calls, `{blob}` for its blobs, `{files}` for its artifacts.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.campaigns.call_everything import ENVELOPES, Target, is_helpful

FLOW = "/mlflow/default/api/2.0/mlflow"
FILES = "/mlflow/default/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True)
class Hostile:
    """A request, and how it is to be refused.

    Args:
        title: Of the test.
        call: Method and path.
        says: Status and code.
        body: Sent as it is when bytes, as JSON otherwise.
        headers: Sent with it.
        has: A word that the message must hold.
    """

    title: str
    call: str
    says: str
    body: Any = None  # Any: bytes, or JSON
    headers: dict[str, str] | None = None
    has: str = ""

    @property
    def wire(self) -> str:
        """Whose envelope the refusal comes in."""
        path = self.call.partition(" ")[2]
        starts = {"{flow}": "mlflow", "{files}": "mlflow", "/mlflow": "mlflow", "{blob}": "blob", "/blob": "blob"}
        starts |= {"/adfs": "oauth", "/msi": "oauth"}
        return next((wire for start, wire in starts.items() if path.startswith(start)), "arm")


def properties(**given: Any) -> dict[str, Any]:
    return {"properties": given}


def data(uri: object = "azureml://datastores/workspaceblobstore/paths/a", **more: object) -> dict[str, Any]:
    return properties(**{"dataType": "uri_folder", "dataUri": uri, **more})


def job(**changes: object) -> dict[str, Any]:
    plain = {"jobType": "Command", "command": "true", "environmentId": "azureml:plain:1", "experimentName": "bad"}
    return properties(**{**plain, **changes})


def token(position: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


DATA = "PUT {ws}/data/new/versions/1"
JOB = "PUT {ws}/jobs/new"
BOMB = gzip.compress(b" " * 50_000_000)
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><BlockList><Latest>&b;</Latest></BlockList>'

BODIES = [
    Hostile("half a body", DATA, "400 UserError", b'{"properties": {'),
    Hostile("two values", DATA, "400 UserError", b"{} {}"),
    Hostile("a comma too many", DATA, "400 UserError", b'{"properties": {},}'),
    Hostile("bytes that are not UTF-8", DATA, "400 UserError", b'{"properties": {"description": "\xff"}}'),
    Hostile("half a character", DATA, "400 UserError", rb'{"properties": {"description": "\ud800"}}'),
    Hostile("half a character and more", DATA, "400 UserError", rb'{"properties": {"description": "\ud800 and more"}}'),
    Hostile("a NUL character", DATA, "400 UserError", data(description="a\0b"), has="NUL"),
    Hostile("a NUL character in a name", DATA, "400 UserError", data(tags={"a\0b": "c"}), has="NUL"),
    Hostile("no object", DATA, "400 UserError", [1, 2], has="object"),
    Hostile("properties that are a list", DATA, "400 UserError", {"properties": []}, has="properties"),
    Hostile("no properties", DATA, "400 UserError", {}),
    Hostile("an object for a path", DATA, "400 ValidationError", data({"a": 1})),
    Hostile("a list for tags", DATA, "400 ValidationError", data(tags=["a"])),
    Hostile("an unknown type", DATA, "400 ValidationError", data(dataType="sculpture")),
    Hostile("NaN", DATA, "400 UserError", b'{"properties": {"a": NaN}}'),
    Hostile("Infinity", DATA, "400 UserError", b'{"properties": {"a": Infinity}}'),
    Hostile("a float beyond all bounds", DATA, "400 UserError", b'{"properties": {"a": 1e999}}'),
    Hostile("a number beyond 64 bits", DATA, "400 UserError", data(size=2**64), has="64 bits"),
    Hostile("a number of 5000 digits", DATA, "400 UserError", b'{"properties": {"a": ' + b"9" * 5000 + b"}}"),
    Hostile("150 levels", DATA, "400 UserError", b'{"properties": ' + b"[" * 150 + b"]" * 150 + b"}", has="levels"),
    Hostile("a million levels", DATA, "400 UserError", b"[" * 1_000_000),
    Hostile("17 MB", DATA, "413 RequestEntityTooLarge", b" " * 17_000_000, has="at most"),
    Hostile("a bomb", DATA, "415 UnsupportedMediaType", BOMB, {"Content-Encoding": "gzip"}, "unpacked"),
    Hostile("a name of 300 letters", f"PUT {{ws}}/data/{'a' * 300}/versions/1", "400 ValidationError", data()),
    Hostile("a version of 300 letters", f"PUT {{ws}}/data/a/versions/{'1' * 300}", "400 ValidationError", data()),
    Hostile("a name in Cyrillic", "PUT {ws}/data/данные/versions/1", "400 ValidationError", data(), has="letters"),
    Hostile("a name that is a path", "PUT {ws}/data/..%2Fa/versions/1", "400 ValidationError", data()),
    Hostile("a name of dots", "PUT {ws}/data/%2e%2e/versions/1", "400 ValidationError", data()),
    Hostile("a name that is a script", "PUT {ws}/data/<b>/versions/1", "400 ValidationError", data()),
    Hostile("a job's name of 300 letters", f"PUT {{ws}}/jobs/{'a' * 300}", "400 ValidationError", job()),
    Hostile("a workspace in emoji", "PUT {group}/workspaces/🐍", "400 ValidationError", properties()),
    Hostile("a connection without category", "PUT {ws}/connections/c", "400 UserError", properties(target="x")),
    Hostile("a datastore of no type", "PUT {ws}/datastores/d", "400 UserError", properties(), has="datastoreType"),
    Hostile("a compute of no type", "PUT {ws}/computes/c", "400 UserError", properties(properties={})),
    Hostile("a compute of minus one node", "PUT {ws}/computes/c", "400 ValidationError",
            properties(computeType="AmlCompute", properties={"vmSize": "a", "scaleSettings": {"maxNodeCount": -1}})),
    Hostile("an actor of 200 letters", "POST /smalt/actors", "400 UserError", {"name": "a" * 200}),
    Hostile("an actor without a name", "POST /smalt/actors", "400 UserError", {"name": 7}, has="text"),
    Hostile("a token that ends in the year 1", "POST /smalt/me/tokens", "400 UserError",
            {"name": "t", "expiresAt": "0001-01-01T00:00:00+23:59"}),
    Hostile("a role nobody has", "PUT {ws}/providers/Microsoft.Authorization/roleAssignments/a", "404",
            properties(roleDefinitionId="God", principalId="x")),
    Hostile("MLflow: half a body", "POST {flow}/runs/create", "400 INVALID_PARAMETER_VALUE", b"{"),
    Hostile("MLflow: a NUL character", "POST {flow}/runs/set-tag", "400 INVALID_PARAMETER_VALUE",
            {"run_id": "{run}", "key": "k", "value": "a\0"}, has="NUL"),
    Hostile("MLflow: half a character", "POST {flow}/runs/set-tag", "400 INVALID_PARAMETER_VALUE",
            rb'{"run_id": "x", "key": "k", "value": "\ud800"}'),
    Hostile("MLflow: a step beyond 64 bits", "POST {flow}/runs/log-metric", "400 INVALID_PARAMETER_VALUE",
            {"run_id": "{run}", "key": "k", "value": 1, "timestamp": 1, "step": 2**63}),
    Hostile("MLflow: a text for a metric", "POST {flow}/runs/log-metric", "400 INVALID_PARAMETER_VALUE",
            {"run_id": "{run}", "key": "k", "value": "much", "timestamp": 1}),
    Hostile("MLflow: a million levels", "POST {flow}/runs/search", "400 INVALID_PARAMETER_VALUE", b"[" * 1_000_000),
    Hostile("MLflow: a name that is a way out", "POST {flow}/runs/log-parameter", "400 INVALID_PARAMETER_VALUE",
            {"run_id": "{run}", "key": "../../x", "value": "1"}),
    Hostile("MLflow: a filter that is code", "POST {flow}/runs/search", "400 INVALID_PARAMETER_VALUE",
            {"experiment_ids": ["0"], "filter": "1=1; DROP TABLE runs"}),
    Hostile("MLflow: a filter without end", "POST {flow}/runs/search", "400 INVALID_PARAMETER_VALUE",
            {"experiment_ids": ["0"], "filter": " AND ".join(["metrics.a > 1"] * 20_000)}),
    Hostile("MLflow: a bomb", "POST {flow}/runs/create", "415", BOMB, {"Content-Encoding": "gzip"}),
    Hostile("sign-in: no form", "POST /adfs/oauth2/v2.0/token", "400 invalid_request", b"\xff\xfe"),
    Hostile("sign-in: 100 kB", "POST /adfs/oauth2/v2.0/token", "413", b"a=" + b"x" * 100_000),
    Hostile("sign-in: NUL characters", "POST /adfs/oauth2/v2.0/token", "401 invalid_client",
            b"grant_type=client_credentials&client_id=%00&client_secret=%00&scope=x/.default"),
    Hostile("sign-in: another grant", "POST /adfs/oauth2/token", "400 unsupported_grant_type", b"grant_type=password"),
    Hostile("sign-in: a bomb", "POST /adfs/oauth2/token", "415", BOMB[:60000], {"Content-Encoding": "gzip"}),
    Hostile("blob: laughs", "PUT {blob}/a?comp=blocklist", "400 InvalidXmlDocument", LAUGHS),
    Hostile("blob: no XML", "PUT {blob}/a?comp=blocklist", "400 InvalidXmlDocument", b"<BlockList>"),
    Hostile("blob: blocks that never came", "PUT {blob}/a?comp=blocklist", "400 InvalidBlockList",
            b"<BlockList><Latest>YQ==</Latest></BlockList>"),
    Hostile("blob: a digest that is none", "PUT {blob}/a", "400 InvalidMd5", b"x", {"Content-MD5": "no"}),
    Hostile("blob: another digest", "PUT {blob}/a", "400 Md5Mismatch", b"x", {"Content-MD5": "A" * 22 + "=="}),
    Hostile("blob: metadata without a name", "PUT {blob}/a", "400 InvalidMetadata", b"x", {"x-ms-meta-1a": "b"}),
]  # fmt: skip

PATHS = [
    Hostile("nothing there", "GET /nothing/here", "404 ResourceNotFound"),
    Hostile("another method", "PATCH {ws}/jobs", "405 MethodNotAllowed"),
    Hostile("a NUL in a name", "GET {ws}/data/a%00", "400 UserError", has="control"),
    Hostile("a line break in a name", "GET {ws}/data/a%0d%0aSet-Cookie:x", "400 UserError", has="control"),
    Hostile("bytes that are no text", "GET {ws}/data/%ff%fe", "400 UserError", has="UTF-8"),
    Hostile("half a character", "GET {ws}/data/%ed%a0%80", "400 UserError", has="UTF-8"),
    Hostile("a half escape", "GET {ws}/data/%", "404"),
    Hostile("an escape of letters", "GET {ws}/data/%zz", "404"),
    Hostile("a name of 60 000 letters", f"GET {{ws}}/data/{'a' * 60_000}", "404"),
    Hostile("a header of 70 000 letters", "GET {ws}", "431", headers={"X-Long": "a" * 70_000}),
    Hostile("another host", "GET {ws}", "400 MisdirectedRequest", headers={"Host": "evil.example"}, has="host"),
    Hostile("a NUL in the query", "GET {ws}/jobs?tag=a%00", "400 UserError", has="NUL"),
    Hostile("a query that is not UTF-8", "GET {ws}/jobs?tag=%ff", "400 UserError", has="UTF-8"),
    Hostile("2000 parameters", f"GET {{ws}}/jobs?{'a=b&' * 2000}", "400 UserError", has="parameters"),
    Hostile("no items a page", "GET {ws}/jobs?$top=0", "400 UserError", has="1 to 1000"),
    Hostile("ever so many items a page", "GET {ws}/jobs?$top=99999999999999999999", "400 UserError"),
    Hostile("items in Arabic", "GET {ws}/data?$top=x", "400 UserError"),
    Hostile("an unknown view", "GET {ws}/jobs?listViewType=Everything", "400 UserError", has="ActiveOnly"),
    Hostile("a moment that is none", "GET {ws}/smalt/audit?since=yesterday", "400 UserError"),
    Hostile("a moment before time", "GET {ws}/smalt/audit?since=0001-01-01T00:00:00%2B23:59", "400 UserError"),
    Hostile("a position before the calendar", f"GET {{ws}}/jobs?$skip={token([-(2**62), 'a'])}", "400"),
    Hostile("a position below zero", f"GET {{flow}}/experiments/search?page_token={token(-1)}", "400"),
    Hostile("MLflow: a path that is not UTF-8", "GET /mlflow/%ff/api/2.0/mlflow/runs/get", "400"),
    Hostile("MLflow: a NUL in the query", "GET {flow}/runs/get?run_id=%00", "400"),
    Hostile("MLflow: a call it never had", "GET {flow}/secrets", "404 ENDPOINT_NOT_FOUND"),
    Hostile("sign-in: a tenant that is not UTF-8", "POST /adfs%ff/oauth2/token", "400"),
    Hostile("blob: a marker from elsewhere", "GET /blob/{id}/azureml?comp=list&restype=container&maxresults=0", "400"),
    Hostile("blob: an unknown verb", "POST {blob}/a", "405 MethodNotAllowed"),
    Hostile("blob: a NUL in a key", "GET {blob}/a%00b", "400"),
    Hostile(
        "blob: a range from the end of time", "GET {blob}/a", "404", headers={"Range": "bytes=999999999999999999-"}
    ),
]

POSITIONS = [
    *(
        Hostile(f"a position in {what}: {title}", f"GET {path}{'&' if '?' in path else '?'}{name}={text}", "400")
        for what, path, name in (
            ("jobs", "{ws}/jobs", "$skip"),
            ("versions", "{ws}/data/iris/versions", "$skip"),
            ("assets", "{ws}/models", "$skip"),
            ("datastores", "{ws}/datastores", "$skip"),
            ("computes", "{ws}/computes", "$skip"),
            ("connections", "{ws}/connections", "$skip"),
            ("audit", "{ws}/smalt/audit", "$skip"),
            ("workspaces", "{group}/workspaces", "$skip"),
            ("actors", "/smalt/actors", "$skip"),
            ("MLflow", "{flow}/experiments/search", "page_token"),
        )
        for title, text in (
            ("nonsense", "~~~"),
            ("half", "WzE"),
            ("not ASCII", "%c3%a9"),
            ("no position", token({"a": [1]})),
            ("null", token(None)),
            ("a position elsewhere", token([1, 2, 3, 4, 5])),
            ("true", token(True)),
            ("beyond 64 bits", token(2**70)),
            ("deep", base64.urlsafe_b64encode(b"[" * 3000).decode()),
        )
    ),
]

OUT = ("../../../smalt.db", "a/../../b", "/etc/passwd", "..%5c..%5csmalt.db", "a%2f..%2f..%2fsmalt.db", "%2e/a", "a//b")

TRAVERSAL = [
    *(Hostile(f"blob: read {way}", f"GET {{blob}}/{way.replace('..', '%2e%2e')}", "400 InvalidResourceName")
      for way in OUT),
    *(Hostile(f"blob: write {way}", f"PUT {{blob}}/{way.replace('..', '%2e%2e')}", "400 InvalidResourceName", b"x",
              {"x-ms-blob-type": "BlockBlob"}) for way in OUT),
    *(Hostile(f"blob: delete {way}", f"DELETE {{blob}}/{way.replace('..', '%2e%2e')}", "400 InvalidResourceName")
      for way in OUT),
    Hostile("blob: a container above", "GET /blob/{id}/%2e%2e/keys/signing.pem", "4xx"),
    Hostile("blob: a workspace above", "GET /blob/%2e%2e/azureml/a", "4xx"),
    Hostile("blob: make a container above", "PUT /blob/{id}/%2e%2e?restype=container", "4xx"),
    Hostile("blob: list above", "GET /blob/{id}/azureml?comp=list&prefix=../", "400 InvalidResourceName"),
    *(Hostile(f"artifact: read {way}", f"GET {{files}}/{way.replace('..', '%2e%2e')}", "4xx") for way in OUT),
    *(Hostile(f"artifact: write {way}", f"PUT {{files}}/{way.replace('..', '%2e%2e')}", "4xx", b"x")
      for way in OUT[:-1]),
    *(Hostile(f"artifact: list {way}", f"GET {{flow}}/artifacts/list?run_id={{run}}&path={way}", "4xx")
      for way in OUT[:4]),
    *(Hostile(f"data: {uri}", DATA, "4xx", data(uri)) for uri in (
        "azureml://datastores/workspaceblobstore/paths/../../../secret.key",
        "azureml://datastores/../paths/x",
        "azureml://datastores/nowhere/paths/x",
        "azureml://jobs/../outputs/x",
        "azureml://jobs/none/outputs/none",
        "azureml:none:1",
        "azureml://",
        "https://localhost/blob/{id}/azureml/../../keys",
    )),
    Hostile("code: a way out", "PUT {ws}/codes/new/versions/1", "4xx",
            properties(codeUri="azureml://datastores/workspaceblobstore/paths/../../../keys")),
    Hostile("model: a way out", "PUT {ws}/models/new/versions/1", "4xx",
            properties(modelType="custom_model", modelUri="azureml://datastores/workspaceblobstore/paths/../../x")),
    Hostile("MLflow model: a way out", "POST {flow}/model-versions/create", "4xx",
            {"name": "forest", "source": "mlflow-artifacts:/../../../secret.key"}),
    Hostile("MLflow model: a file of the server", "POST {flow}/model-versions/create", "4xx",
            {"name": "forest", "source": "file:///etc/passwd"}),
    Hostile("logged model: a way out", "GET {flow}/logged-models/{model}/artifacts/directories?"
            "artifact_directory_path=../../..", "4xx"),
    Hostile("an output that is a way out", JOB, "4xx", job(outputs={"../../x": {"jobOutputType": "uri_folder"}})),
    Hostile("an output to a way out", JOB, "4xx", job(outputs={"x": {
        "jobOutputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/../../keys/"}})),
    Hostile("an input that is a way out", JOB, "4xx", job(inputs={"x": {
        "jobInputType": "uri_file", "uri": "azureml://datastores/workspaceblobstore/paths/../../../secret.key"}})),
    Hostile("a job that is a way out", "PUT {ws}/jobs/..%2f..%2fx", "400 ValidationError", job()),
    Hostile("addresses of a way out", "POST /data/v1.0{ws}/dataversion/batchGetResolvedUris", "4xx",
            {"values": ["azureml://datastores/workspaceblobstore/paths/../../../secret.key"]}),
]  # fmt: skip

REFERENCES = [
    Hostile("an environment that is not there", JOB, "4xx", job(environmentId="azureml:none:1"), has="none"),
    Hostile("a label that is not there", JOB, "4xx", job(environmentId="azureml:plain@none")),
    Hostile("a compute that is not there", JOB, "4xx", job(computeId="{ws}/computes/none"), has="none"),
    Hostile("code that is not there", JOB, "4xx", job(codeId="{ws}/codes/none/versions/1")),
    Hostile("code that is a model", JOB, "4xx", job(codeId="{ws}/models/forest/versions/1")),
    Hostile("data that is not there", JOB, "4xx",
            job(inputs={"x": {"jobInputType": "uri_file", "uri": "azureml:none:1"}}), has="none"),
    Hostile("an input nobody has given", JOB, "4xx", job(command="echo ${{inputs.x}}")),
    Hostile("a job that waits for itself", JOB, "4xx", job(inputs={"x": {
        "jobInputType": "uri_folder", "uri": "azureml://jobs/new/outputs/y"}}, outputs={"y": {
            "jobOutputType": "uri_folder"}})),
    Hostile("a job that is its own parent", JOB, "4xx", job(parentJobName="new")),
    Hostile("a kind of job that is not served", JOB, "400", properties(jobType="Sculpting")),
    Hostile("a registry that is not there", JOB, "4xx",
            job(environmentId="azureml://registries/none/environments/x/versions/1")),
    Hostile("a component that is not there", JOB, "4xx", job(componentId="azureml:none:1")),
    Hostile("a run that is not there", "POST {flow}/runs/log-metric", "404 RESOURCE_DOES_NOT_EXIST",
            {"run_id": "a" * 32, "key": "k", "value": 1, "timestamp": 1}),
]  # fmt: skip


@pytest.mark.parametrize("hostile", [*BODIES, *PATHS], ids=lambda one: one.title)
@pytest.mark.usefixtures("unchanged")
def test_what_no_database_can_hold_is_refused(target: Target, owner: httpx2.Client, hostile: Hostile):
    answer = send(owner, target, hostile)

    check(hostile, answer)


@pytest.mark.parametrize("target", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize("hostile", [*POSITIONS, *TRAVERSAL, *REFERENCES], ids=lambda one: one.title)
@pytest.mark.usefixtures("unchanged")
def test_what_leads_elsewhere_out_or_nowhere_is_refused(target: Target, owner: httpx2.Client, hostile: Hostile):
    answer = send(owner, target, hostile)

    check(hostile, answer)


def send(client: httpx2.Client, target: Target, hostile: Hostile) -> httpx2.Response:
    """Send a request with the names of what exists."""
    method, _, path = hostile.call.partition(" ")
    content = hostile.body if isinstance(hostile.body, bytes | None) else json.dumps(hostile.body).encode()
    filled = re.sub(rb"\{(ws|run|id)\}", lambda match: filling(target)[match[1].decode()].encode(), content or b"")
    return client.request(
        method,
        re.sub(r"\{(\w+)\}", lambda match: filling(target)[match[1]], path),
        content=content if content is None else filled,
        headers=hostile.headers,
    )


def filling(target: Target) -> dict[str, str]:
    workspace = target.known["workspace_id"]
    return {
        "ws": target.scope,
        "group": target.scope.rpartition("/workspaces/")[0],
        "flow": FLOW,
        "files": FILES,
        "blob": f"/blob/{workspace}/azureml",
        "id": workspace,
        "run": target.known["run_id"],
        "model": target.known["model_id"],
    }


def check(hostile: Hostile, answer: httpx2.Response) -> None:
    """Hold a refusal to what was promised."""
    status, _, code = hostile.says.partition(" ")
    assert re.fullmatch(status.replace("x", "."), str(answer.status_code)), answer.text
    assert 400 <= answer.status_code < 500, answer.text
    told = ENVELOPES["arm" if answer.status_code == 431 else hostile.wire](answer)
    assert told is not None, answer.text
    assert code in ("", told[0]), answer.text
    assert hostile.has.lower() in told[1].lower(), answer.text
    assert is_helpful(*told), told
    assert "Traceback" not in answer.text
