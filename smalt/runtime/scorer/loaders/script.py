"""A script with `init()` and `run(...)`, called as the inference server of Azure calls it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import sys
import types
import urllib.parse

from ..http11 import Answer
from ..openapi import describe
from .base import BadInput, Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from ..http11 import Request
    from ..settings import Settings

_RAW_MODULES = ("azureml_inference_server_http.api.aml_request", "azureml.contrib.services.aml_request")
_SHIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shims")


class ScriptLoader(Loader):
    """The entry script of a deployment.

    Args:
        settings: `entry_script` is relative to `app_root`.
    """

    def __init__(self, settings: Settings) -> None:
        self._root = settings.app_root
        self._name = settings.entry_script or "main.py"
        self._path = os.path.join(self._root, self._name)
        self._run: Any = None
        self._run_many: Callable[[list[str]], Sequence[Any]] | None = None
        self._takes_headers = False
        self._arguments: Callable[[Request], dict[str, Any]] = self._text_arguments
        self._first = ""
        self._parameters: list[inspect.Parameter] = []

    def load(self) -> None:
        """Import the script and call its `init`."""
        if not os.path.isfile(self._path):
            raise LoadError(
                f"The entry script {self._name!r} is not in the code of the deployment ({self._root}). "
                "Check `code_configuration`."
            )
        source = os.environ.get("AZUREML_SOURCE_DIRECTORY")
        folders = [self._root, *([os.path.join(self._root, source)] if source else []), os.path.dirname(self._path)]
        sys.path += [each for each in folders if each not in sys.path]
        _stand_in()
        spec = importlib.util.spec_from_file_location("entry_module", self._path)
        if spec is None or spec.loader is None:
            raise LoadError(f"The entry script {self._name!r} is no Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules["entry_module"] = module
        spec.loader.exec_module(module)
        for name in ("init", "run"):
            if not callable(getattr(module, name, None)):
                raise LoadError(f"The entry script {self._name!r} has no function {name}(). Add it.")
        self._look_at(module)
        begun = module.init()
        if inspect.isawaitable(begun):
            asyncio.get_event_loop().run_until_complete(begun)

    def score(self, request: Request) -> Answer | Awaitable[Answer]:
        """Call `run`."""
        arguments = self._arguments(request)
        if self._takes_headers:
            arguments["request_headers"] = {name.title(): value for name, value in request.headers.items()}
        returned = self._run(**arguments)
        return self._awaited(returned) if self.is_async else answer_of(returned)

    def score_many(self, requests: Sequence[Request]) -> list[Answer | BadInput]:
        """Call `run_batch` with the texts of all bodies; it gives as many results."""
        assert self._run_many is not None
        results = self._run_many([_utf8(request.body) for request in requests])
        if len(results) != len(requests):
            raise TypeError(f"run_batch() returned {len(results)} results for {len(requests)} requests")
        return [answer_of(each) for each in results]

    def swagger(self, version: str) -> dict[str, Any] | None:
        """The user's own file, or what the decorators of `run` say."""
        names = {"2": ("swagger.json", "swagger2.json"), "3": ("swagger3.json",)}.get(version, ())
        for name in names:
            path = os.path.join(self._root, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as file:
                    found: dict[str, Any] = json.load(file)
                return found
        taken: Any = {"type": "object", "example": {}}
        given: Any = {"type": "object", "example": {}}
        schemas = sys.modules.get("inference_schema.schema_util")
        if schemas is not None and schemas.is_schema_decorated(self._run):
            if not {version, f"{version}.0"} & set(schemas.get_supported_versions(self._run)):
                return None
            taken, given = schemas.get_input_schema(self._run), schemas.get_output_schema(self._run)
        return describe(version, taken, given)

    def describe(self) -> dict[str, Any]:
        """The script and how it is called."""
        return {"loader": "script", "entry_script": self._name, "is_async": self.is_async}

    def _look_at(self, module: Any) -> None:
        driver = getattr(module, "driver_module", None)  # Older SDKs put a module of their own before the script.
        is_driven = isinstance(driver, types.ModuleType) and callable(getattr(driver, "run", None))
        self._run = driver.run if driver is not None and is_driven else module.run
        self._run_many = getattr(module, "run_batch", None)
        parameters = list(inspect.signature(self._run).parameters.values())
        if any(each.kind not in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters):
            raise LoadError("run() cannot have positional-only arguments, *args or **kwargs. Name its arguments.")
        self._takes_headers = any(each.name == "request_headers" for each in parameters)
        self._parameters = [each for each in parameters if each.name != "request_headers"]
        if not self._parameters:
            raise LoadError("run() has no argument for the input. Add one.")
        self._first = self._parameters[0].name
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(self._run))
        is_raw = any(getattr(sys.modules.get(name), "_rawHttpRequested", False) for name in _RAW_MODULES)
        schemas = sys.modules.get("inference_schema.schema_util")
        is_decorated = schemas is not None and schemas.is_schema_decorated(self._run)
        if is_raw and is_decorated:
            raise LoadError("run() has both @rawhttp and @input_schema. Keep one of them.")
        if is_raw:
            self._arguments = self._raw_arguments
        elif is_decorated:
            self._arguments = self._schema_arguments
        self.can_batch = callable(self._run_many) and not (is_raw or is_decorated)

    async def _awaited(self, returned: Any) -> Answer:
        return answer_of(await returned)

    def _raw_arguments(self, request: Request) -> dict[str, Any]:
        return {self._first: _raw_request(request)}

    def _text_arguments(self, request: Request) -> dict[str, Any]:
        if request.method == "GET":
            return {self._first: json.dumps(_query(request))}
        return {self._first: _utf8(request.body)}

    def _schema_arguments(self, request: Request) -> dict[str, Any]:
        values = _query(request) if request.method == "GET" else _object(request)
        found = {}
        for each in self._parameters:
            value = values.get(each.name, each.default)
            if value is inspect.Parameter.empty:
                raise BadInput(f"A value is not provided for the {each.name!r} parameter.")
            found[each.name] = value
        return found


def _stand_in() -> None:
    """Have names of Azure's packages found that the environment has not, beside those that it has."""
    sys.path.append(_SHIMS)  # Last: what the environment has comes first.
    for name in ("azureml", "azureml.contrib"):
        # Where a package of the environment has this name, no other folder would be looked at for what is in it.
        with contextlib.suppress(ImportError):
            found = importlib.import_module(name)
            if getattr(found, "__file__", None) is not None:
                found.__path__.append(os.path.join(_SHIMS, *name.split(".")))


def answer_of(returned: Any) -> Answer:
    """What `run` returned, as an answer: an HTTP response as it is, everything else as JSON.

    Raises:
        TypeError: It is neither.
    """
    if hasattr(returned, "status_code") and hasattr(returned, "headers"):
        return _response(returned)
    body = json.dumps({} if returned is None else returned).encode()
    return Answer(200, body, [("content-type", "application/json")])


def _response(response: Any) -> Answer:
    headers = [
        (name.lower(), str(value))
        for name, value in response.headers.items()
        if name.lower() not in ("content-length", "transfer-encoding", "connection")
    ]
    if getattr(response, "is_streamed", False):
        return Answer(response.status_code, b"", headers, iter(response.iter_encoded()))
    return Answer(response.status_code, response.get_data(), headers)


def _raw_request(request: Request) -> Any:
    """The request as `@rawhttp` promises it: the object of the package whose decorator was used."""
    real = sys.modules.get("azureml_inference_server_http.api.aml_request")
    if real is None:
        real = sys.modules["azureml.contrib.services.aml_request"]
    if hasattr(real.AMLRequest, "of_parts"):  # our own
        return real.AMLRequest.of_parts(request.method, request.path, request.query, request.headers, request.body)
    import flask  # what the real package stands on

    from ..wsgi import environ_of

    return flask.Request(environ_of(request))


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as failure:
        raise BadInput(f"Input cannot be decoded as UTF-8: {failure}.") from None


def _object(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
        raise BadInput("Expects Content-Type to be application/json.", 415)
    if not request.body:
        raise BadInput("POST body is empty. Expecting a JSON dictionary.")
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as failure:
        raise BadInput(f"POST body could not be decoded as JSON: {failure}.") from None
    if not isinstance(found, dict):
        raise BadInput("POST body should be a JSON dictionary.")
    return found


def _query(request: Request) -> dict[str, Any]:
    """The parameters of a URL, each read as JSON where it is JSON; what comes several times is a list."""
    found: dict[str, Any] = {}
    for name, values in urllib.parse.parse_qs(request.query, keep_blank_values=True).items():
        read = [_json_or_text(each) for each in values]
        found[name] = read[0] if len(read) == 1 else read
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
