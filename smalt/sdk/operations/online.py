"""Online endpoints and their deployments."""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx2

from smalt.entities.endpoint.online import AuthMode, OnlineDeployment, OnlineEndpoint
from smalt.entities.model_package import ServerType
from smalt.errors import InvalidRequest, NotFound
from smalt.sdk.deployment import packed, resolved
from smalt.sdk.errors import EndpointFailed, NoServer
from smalt.sdk.operations.base import JsonObject, Operations, required_name
from smalt.sdk.poller import Poller
from smalt.sdk.transport import decoded
from smalt.wire.arm import codec

if TYPE_CHECKING:
    from smalt.sdk.local import LocalEndpoints
    from smalt.sdk.operations.assets import ModelOperations
    from smalt.sdk.resolve import Resolver
    from smalt.sdk.room import Room

_AUDIENCE = "https://ml.azure.com"
_TIMEOUT = httpx2.Timeout(310.0, connect=10.0)
_MANY_LINES = 5000


@dataclass(frozen=True, repr=False)
class EndpointAuthKeys:
    """The keys of an endpoint."""

    primary_key: str
    secondary_key: str


@dataclass(frozen=True, repr=False)
class EndpointAuthToken:
    """A token of an endpoint, with times in seconds since the epoch."""

    access_token: str
    expiry_time_utc: int = 0
    refresh_after_time_utc: int = 0
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme


class OnlineEndpointOperations(Operations[OnlineEndpoint]):
    """`client.online_endpoints`.

    Args:
        room: The workspace; none for those of this machine.
        local: Gives the endpoints of this machine, which need no server.
    """

    kind = "onlineEndpoints"

    def __init__(self, room: Room | None, local: Callable[[], LocalEndpoints]) -> None:
        super().__init__(room)
        self._local = local

    def list(self, *, local: bool = False) -> Iterator[OnlineEndpoint]:
        """Endpoints."""
        return iter(self._local().list()) if local else self._list()

    def get(self, name: str, *, local: bool = False) -> OnlineEndpoint:
        """One endpoint. Deployments without traffic are shown with 0.

        Raises:
            NotFound: There is no such endpoint.
        """
        if local:
            return self._local().get(name)
        endpoint = self._get(name)
        silent = {each: 0 for each in self._deployment_names(name) if each not in endpoint.traffic}
        return endpoint.model_copy(
            update={"traffic": endpoint.traffic | {each: 0 for each in silent if each not in endpoint.mirror_traffic}}
        )

    def begin_create_or_update(self, endpoint: OnlineEndpoint, *, local: bool = False) -> Poller[OnlineEndpoint]:
        """Write an endpoint."""
        name = required_name(endpoint, "endpoint")
        if local:
            return cast("Poller[OnlineEndpoint]", self._local().create(endpoint))
        body = codec(self.kind).to_arm(endpoint.model_copy(update={"location": self._room.location}))
        return self._begin_put(name, body)

    def begin_delete(self, name: str, *, local: bool = False) -> Poller[None]:
        """Delete an endpoint and its deployments."""
        if local:
            return cast("Poller[None]", self._local().delete(name))
        return self._begin("DELETE", self._path(name))

    def rollback(self, name: str) -> OnlineEndpoint:
        """Give the traffic the state that it had before its last change."""
        return self._read(self._room.transport.json("POST", self._path(name, "rollback"), body={}))

    def get_keys(self, name: str) -> EndpointAuthKeys | EndpointAuthToken:
        """What opens an endpoint: its keys, or a token."""
        return self._credentials(self._get(name))

    def begin_regenerate_keys(self, name: str, *, key_type: str = "primary") -> Poller[None]:
        """Put a new key in the place of one of the two."""
        body = {"keyType": key_type.capitalize()}
        return self._begin("POST", self._path(name, "regenerateKeys"), body=body)

    def invoke(
        self,
        endpoint_name: str,
        *,
        request_file: str | os.PathLike[str] | None = None,
        deployment_name: str | None = None,
        input_data: object = None,
        params_override: object = None,
        local: bool = False,
    ) -> str:
        """Send a request, and give the answer as text.

        Args:
            endpoint_name: The endpoint.
            request_file: A JSON file.
            deployment_name: Asked whatever the traffic rules say.
            input_data: The request itself instead of a file: anything that becomes JSON, or text of JSON.
            params_override: No request has any; for the signature of v2.
            local: The endpoint is on this machine.

        Raises:
            EndpointFailed: The answer was a failure.
        """
        content = _content(request_file, input_data)
        if local:
            return self._local().invoke(endpoint_name, content, deployment=deployment_name)
        endpoint = self._get(endpoint_name)
        if deployment_name is not None and deployment_name not in self._deployment_names(endpoint_name):
            raise NotFound(f"The endpoint {endpoint_name!r} has no deployment {deployment_name!r}.")
        found = self._credentials(endpoint)
        secret = found.primary_key if isinstance(found, EndpointAuthKeys) else found.access_token
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        if deployment_name is not None:
            headers["azureml-model-deployment"] = deployment_name
        return post(str(endpoint.scoring_uri), content, headers)

    def _credentials(self, endpoint: OnlineEndpoint) -> EndpointAuthKeys | EndpointAuthToken:
        name = required_name(endpoint, "endpoint")
        transport = self._room.transport
        if endpoint.auth_mode is AuthMode.KEY:
            keys = transport.json("POST", self._path(name, "listKeys"), body={})
            return EndpointAuthKeys(str(keys["primaryKey"]), str(keys["secondaryKey"]))
        if endpoint.auth_mode is AuthMode.AML_TOKEN:
            made = transport.json("POST", self._path(name, "token"), body={})
            return EndpointAuthToken(
                str(made["accessToken"]), int(made["expiryTimeUtc"]), int(made["refreshAfterTimeUtc"])
            )
        answer = transport.request(
            "GET",
            "/msi/token",
            params={"resource": _AUDIENCE, "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": self._room.place.token() or ""},
        )
        made = decoded(answer)
        return EndpointAuthToken(str(made["access_token"]), int(made["expires_on"]))

    def _deployment_names(self, name: str) -> builtins.list[str]:
        return [str(each["name"]) for each in self._room.transport.items(self._path(name, "deployments"))]


class OnlineDeploymentOperations(Operations[OnlineDeployment]):
    """`client.online_deployments`.

    Args:
        room: The workspace; none for those of this machine.
        resolver: Brings what is local to the server.
        models: Registers models that are written inline.
        local: Gives the endpoints of this machine, which need no server.
    """

    kind = "onlineDeployments"

    def __init__(
        self,
        room: Room | None,
        resolver: Resolver | None,
        models: ModelOperations | None,
        local: Callable[[], LocalEndpoints],
    ) -> None:
        super().__init__(room)
        self._resolver = resolver
        self._models = models
        self._local = local

    def begin_create_or_update(
        self,
        deployment: OnlineDeployment,
        *,
        local: bool = False,
        vscode_debug: bool = False,
        skip_script_validation: bool = False,
        local_enable_gpu: bool = False,
        package_model: bool = False,
    ) -> Poller[OnlineDeployment]:
        """Write a deployment, after bringing what it names to the server.

        Args:
            deployment: The deployment.
            local: Serve it on this machine, with no server.
            vscode_debug: Of local ones: wait as long as it takes at a `breakpoint()` while the script is loaded.
            skip_script_validation: Do not look for mistakes in the script.
            local_enable_gpu: For the signature of v2; what a machine has is there.
            package_model: Pack the model, its script and its software first, and deploy the package.

        Raises:
            InvalidRequest: The scoring script has a mistake of syntax, or is not there.
        """
        name, endpoint = required_name(deployment, "deployment"), _endpoint_of(deployment)
        if not skip_script_validation:
            check_script(deployment)
        if local:
            made = self._local().deploy(endpoint, deployment, stops_at_breakpoints=vscode_debug)
            return cast("Poller[OnlineDeployment]", made)
        assert self._resolver is not None
        assert self._models is not None
        whole = resolved(deployment, self._resolver, self._models)
        if package_model:
            whole = packed(whole, self._models, ServerType.ONLINE)
        body = codec(self.kind).to_arm(whole.model_copy(update={"location": self._room.location}))
        path = self._of(endpoint, name)
        response = self._room.transport.request("PUT", path, body=body)
        return Poller(self._room.transport, response, lambda: self.get(name, endpoint))

    def get(self, name: str, endpoint_name: str, *, local: bool = False) -> OnlineDeployment:
        """One deployment.

        Raises:
            NotFound: There is no such deployment.
        """
        if local:
            return self._local().get_deployment(endpoint_name, name)
        return self._of_body(self._room.transport.json("GET", self._of(endpoint_name, name)), endpoint_name)

    def list(self, endpoint_name: str, *, local: bool = False) -> Iterator[OnlineDeployment]:
        """The deployments of an endpoint."""
        if local:
            return iter(self._local().deployments(endpoint_name))
        found = self._room.transport.items(self._of(endpoint_name))
        return (self._of_body(body, endpoint_name) for body in found)

    def begin_delete(self, name: str, endpoint_name: str, *, local: bool = False) -> Poller[None]:
        """Delete a deployment that gets no traffic."""
        if local:
            return cast("Poller[None]", self._local().delete_deployment(endpoint_name, name))
        return self._begin("DELETE", self._of(endpoint_name, name))

    def get_logs(
        self,
        name: str,
        endpoint_name: str,
        lines: int = _MANY_LINES,
        *,
        container_type: str | None = None,
        local: bool = False,
    ) -> str:
        """The last lines that a deployment has written.

        Args:
            name: The deployment.
            endpoint_name: Its endpoint.
            lines: How many.
            container_type: `inference-server`, or `storage-initializer` for what was told while it was prepared.
            local: The endpoint is on this machine.
        """
        if local:
            return self._local().logs(endpoint_name, name, lines=lines)
        body: JsonObject = {"tail": lines}
        if container_type is not None:
            body["containerType"] = container_type.replace("-", "").replace("_", "")
        path = self._of(endpoint_name, name, "getLogs")
        return str(self._room.transport.json("POST", path, body=body).get("content", ""))

    def _of(self, endpoint: str, *words: str) -> str:
        return "/".join((self._room.path, "onlineEndpoints", _segment(endpoint), "deployments", *map(_segment, words)))

    def _of_body(self, body: JsonObject, endpoint: str) -> OnlineDeployment:
        return self._read(body).model_copy(update={"endpoint_name": endpoint})


def post(url: str, content: bytes, headers: dict[str, str]) -> str:
    """Send a request to an endpoint, and give the answer as text.

    Raises:
        EndpointFailed: The answer was a failure.
        NoServer: Nobody answers there.
    """
    try:
        # On loopback no proxy and no certificate matters; elsewhere those of the machine and of `smalt env` do.
        is_secure = url.startswith("https:")
        answer = httpx2.post(
            url, content=content, headers=headers, timeout=_TIMEOUT, verify=is_secure, trust_env=is_secure
        )
    except httpx2.TransportError as error:
        raise NoServer(f"Nobody answers at {url} ({error}). Look at it with: smalt status") from error
    if answer.status_code >= 400:
        raise EndpointFailed.of(answer)
    return answer.text


def check_script(deployment: Any) -> None:  # Any: a deployment of any kind
    """Look for mistakes in a script that is here.

    Raises:
        InvalidRequest: It has one, or is not there.
    """
    import ast

    code = getattr(deployment, "code_configuration", None)
    if code is None or not code.code or not code.scoring_script or not Path(code.code).expanduser().is_dir():
        return
    path = Path(code.code).expanduser() / code.scoring_script
    try:
        ast.parse(path.read_bytes(), str(path))
    except OSError:
        raise InvalidRequest(
            f"There is no scoring script {str(path)!r}. scoring_script is a path inside of code.",
            target="code_configuration.scoring_script",
        ) from None
    except SyntaxError as error:
        raise InvalidRequest(
            f"{path}:{error.lineno}: {error.msg}. Mend the script, or pass --skip-script-validation.",
            target="code_configuration.scoring_script",
        ) from None


def _content(request_file: str | os.PathLike[str] | None, input_data: object) -> bytes:
    if request_file is not None:
        path = Path(request_file).expanduser()
        try:
            content = path.read_bytes()
            json.loads(content)
        except OSError:
            raise InvalidRequest(f"There is no request file {str(path)!r}.") from None
        except ValueError as error:
            raise InvalidRequest(f"{path} is not JSON: {error}.") from None
        return content
    if input_data is None:
        raise InvalidRequest("There is no request. Give a request file.")
    return input_data.encode() if isinstance(input_data, str) else json.dumps(input_data).encode()


def _endpoint_of(deployment: OnlineDeployment) -> str:
    if deployment.endpoint_name:
        return deployment.endpoint_name
    raise InvalidRequest("The deployment names no endpoint. Write 'endpoint_name:', or pass --endpoint-name.")


def _segment(name: str) -> str:
    from urllib.parse import quote

    if not name or "/" in name or name in {".", ".."}:
        raise InvalidRequest(f"{name!r} is no name. Give a name without slashes.")
    return quote(name, safe="")
