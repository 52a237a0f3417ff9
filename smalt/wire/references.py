"""Every way to point at something: assets, datastore paths, job outputs, run artifacts, URLs and local paths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from smalt.errors import InvalidRequest
from smalt.wire.arm.envelope import ArmId, Scope, arm_id, canonical_type, parse_arm_id

_SCHEME = re.compile(r"^(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]+):")
_REMOTE = frozenset({"http", "https", "wasb", "wasbs", "abfs", "abfss", "adl", "s3", "gs", "hdfs", "ftp", "docker"})
_NAME = r"[^/:@]+"
_ASSET = re.compile(rf"^(?P<name>{_NAME})(?::(?P<version>[^/@]+)|@(?P<label>{_NAME}))?$")
_VERSIONED = r"(?P<kind>[a-zA-Z]+)/(?P<name>[^/]+)(?:/(?:versions/(?P<version>[^/]+)|labels/(?P<label>[^/]+)))?/?$"
_WORKSPACE = (
    r"^(?:subscriptions/(?P<subscription>[^/]+)/)?resource[gG]roups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/]+)/"
)
_IN_WORKSPACE = re.compile(_WORKSPACE + "(?P<rest>.+)$", re.IGNORECASE)
_BY_LOCATION = re.compile(r"^locations/[^/]+/workspaces/(?P<workspace>[^/]+)/(?P<rest>.+)$", re.IGNORECASE)
_IN_REGISTRY = re.compile(r"^(?:registries|feeds)/(?P<registry>[^/]+)/" + _VERSIONED, re.IGNORECASE)
_DATASTORE = re.compile(r"^datastores/(?P<name>[^/]+)(?:/paths(?=/|$))?(?P<path>/.*)?$", re.IGNORECASE)
_JOB = re.compile(r"^jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths(?=/|$))?(?P<path>/.*)?$", re.IGNORECASE)
_ANY_ASSET = re.compile("^" + _VERSIONED, re.IGNORECASE)
_FORMS = (
    "azureml:<name>:<version>, azureml:<name>@latest, azureml://datastores/<name>/paths/<path>, "
    "azureml://jobs/<job>/outputs/<output>/paths/<path> or azureml://registries/<registry>/<type>/<name>/versions/<v>"
)


@dataclass(frozen=True)
class WorkspaceName:
    """The workspace a long reference names. `resource_group` may be missing; `name` may be its guid."""

    name: str
    resource_group: str | None = None
    subscription: str | None = None


@dataclass(frozen=True)
class AssetReference:
    """An asset or a resource by name, with a version, a label or neither.

    `kind` is the ARM type (`models`, `data`, `computes`), or None where the place of the reference tells it.
    """

    name: str
    version: str | None = None
    label: str | None = None
    kind: str | None = None
    registry: str | None = None
    workspace: WorkspaceName | None = None


@dataclass(frozen=True)
class DatastorePath:
    """A normalised key in a datastore; empty for its root. A trailing slash is kept."""

    datastore: str
    path: str = ""
    workspace: WorkspaceName | None = None


@dataclass(frozen=True)
class JobOutput:
    """An output of a job (`artifacts` and `default` are its artifact root), and a key below it."""

    job: str
    output: str
    path: str = ""


@dataclass(frozen=True)
class RunArtifact:
    """An artifact of an MLflow run."""

    run: str
    path: str = ""


@dataclass(frozen=True)
class RemoteUrl:
    """Something outside: http, https, wasbs, abfss, adl, s3, gs, git+https and the like."""

    scheme: str
    url: str


@dataclass(frozen=True)
class LocalPath:
    """A path on the client's machine, relative to the file that names it unless absolute."""

    path: str


@dataclass(frozen=True)
class Binding:
    """An expression in place of a reference, e.g. `${{parent.inputs.data}}`."""

    text: str


Reference = AssetReference | DatastorePath | JobOutput | RunArtifact | RemoteUrl | LocalPath | Binding


def parse(text: str) -> Reference:
    """Read a reference in any of its forms.

    Raises:
        InvalidRequest: It has an unknown form, or a path in it leads out of its root.
    """
    if "\0" in text or not text.strip():
        raise InvalidRequest(f"The reference {text!r} is empty or has a NUL character. Write {_FORMS}.")
    if text.lstrip().startswith("${{"):
        return Binding(text.strip())
    reference = _read(text)
    names = (
        vars(reference).values()
        if isinstance(reference, AssetReference | DatastorePath | JobOutput | RunArtifact)
        else ()
    )
    if any(name in {".", ".."} or (isinstance(name, str) and "\\" in name) for name in names):
        raise InvalidRequest(f"The reference {text!r} has '..' or a backslash in a name. Write {_FORMS}.")
    return reference


def _read(text: str) -> Reference:
    found = parse_arm_id(text)
    if found is not None:
        return _from_arm(found)
    match = _SCHEME.match(text)
    scheme = match["scheme"].lower() if match else ""
    if scheme == "azureml":
        return _azureml(text)
    if scheme == "runs":
        return _run(text)
    if scheme == "file":
        return LocalPath(_file_path(text))
    if scheme in _REMOTE or scheme.startswith("git+"):
        return RemoteUrl(scheme, text)
    return LocalPath(text)


def parse_asset(text: str, kind: str) -> AssetReference:
    """Read a reference that must name an asset or a resource of `kind`; a bare name is allowed.

    Raises:
        InvalidRequest: It is something else, or an asset of another kind.
    """
    reference = parse(text)
    if isinstance(reference, LocalPath):
        match = _ASSET.match(text)
        reference = AssetReference(match["name"], match["version"], match["label"]) if match else reference
    if not isinstance(reference, AssetReference) or (reference.kind or kind).lower() != kind.lower():
        raise InvalidRequest(
            f"{text!r} does not name one of the {kind}. Write azureml:<name> or azureml:<name>:<version>."
        )
    return reference


def format(reference: Reference) -> str:  # noqa: A001 - read as references.format(..)
    """The usual spelling of a reference; `parse(format(r)) == r`."""
    match reference:
        case AssetReference():
            return _format_asset(reference)
        case DatastorePath(datastore, path, workspace):
            return f"azureml://{_format_workspace(workspace)}datastores/{datastore}/paths/{path}"
        case JobOutput(job, output, path):
            return f"azureml://jobs/{job}/outputs/{output}/paths/{path}"
        case RunArtifact(run, path):
            return f"runs:/{run}/{path}" if path else f"runs:/{run}"
        case RemoteUrl(_, url):
            return url
        case LocalPath(path):
            return path
        case Binding(text):
            return text


def clean_key(path: str, *, what: str = "path") -> str:
    """Normalise a key below a root: no leading slash, no empty or `.` part; a trailing slash is kept.

    Raises:
        InvalidRequest: The key has `..`, a NUL character or a backslash.
    """
    if "\0" in path or "\\" in path:
        raise InvalidRequest(f"The {what} {path!r} has a NUL character or a backslash. Use forward slashes.")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise InvalidRequest(f"The {what} {path!r} has '..' and could lead out of its root. Write it without '..'.")
    return "/".join(parts) + ("/" if parts and path.endswith("/") else "")


def _azureml(text: str) -> Reference:
    rest = text[len("azureml:") :]
    if rest.startswith("//"):
        return _azureml_url(rest[2:].lstrip("/"), text)
    found = parse_arm_id(rest)
    if found is not None:
        return _from_arm(found)
    match = _ASSET.match(rest)
    if match is None:
        virtual = re.match(r"^virtualClusters/([^/]+)$", rest, re.IGNORECASE)
        if virtual:
            return AssetReference(virtual[1], kind="virtualClusters")
        raise InvalidRequest(f"The reference {text!r} has an unknown form. Write {_FORMS}.")
    return AssetReference(match["name"], match["version"], match["label"])


def _azureml_url(rest: str, text: str) -> Reference:
    inside = _IN_WORKSPACE.match(rest)
    if inside:
        workspace = WorkspaceName(inside["workspace"], inside["group"], inside["subscription"])
        return _inside(inside["rest"], text, workspace)
    located = _BY_LOCATION.match(rest)
    if located:
        return _inside(located["rest"], text, WorkspaceName(located["workspace"]))
    shared = _IN_REGISTRY.match(rest)
    if shared:
        kind = canonical_type(shared["kind"])
        return AssetReference(shared["name"], shared["version"], shared["label"], kind, registry=shared["registry"])
    return _inside(rest, text, None)


def _inside(rest: str, text: str, workspace: WorkspaceName | None) -> Reference:
    store = _DATASTORE.match(rest)
    if store:
        return DatastorePath(store["name"], clean_key(store["path"] or "", what="datastore path"), workspace)
    job = _JOB.match(rest)
    if job:
        return JobOutput(job["job"], job["output"], clean_key(job["path"] or "", what="output path"))
    if rest.lower().startswith("artifacts/"):
        return DatastorePath("workspaceartifactstore", clean_key(rest[len("artifacts/") :]), workspace)
    asset = _ANY_ASSET.match(rest)
    if asset:
        kind = canonical_type(asset["kind"])
        return AssetReference(asset["name"], asset["version"], asset["label"], kind, workspace=workspace)
    raise InvalidRequest(f"The reference {text!r} has an unknown form. Write {_FORMS}.")


def _from_arm(found: ArmId) -> AssetReference:
    workspace = None
    if found.workspace:
        workspace = WorkspaceName(found.workspace, found.scope.resource_group, found.scope.subscription)
    return AssetReference(found.name, found.version, found.label, found.type, found.registry, workspace)


def _run(text: str) -> RunArtifact:
    run, _, path = text[len("runs:") :].lstrip("/").partition("/")
    if not run:
        raise InvalidRequest(f"The reference {text!r} names no run. Write runs:/<run>/<path>.")
    return RunArtifact(run, clean_key(path, what="artifact path"))


def _file_path(text: str) -> str:
    rest = text[len("file:") :]
    if not rest.startswith("//"):
        return rest
    return "/" + rest[2:].removeprefix("localhost").lstrip("/")


def _format_asset(reference: AssetReference) -> str:
    version, label = reference.version, reference.label
    tail = f"/versions/{version}" if version else f"/labels/{label}" if label else ""
    kind = reference.kind or "assets"
    if reference.registry:
        return f"azureml://registries/{reference.registry}/{kind}/{reference.name}{tail}"
    workspace = reference.workspace
    if workspace and workspace.resource_group and workspace.subscription:
        scope = Scope(workspace.subscription, workspace.resource_group, workspace.name)
        return "azureml:" + arm_id(scope, kind, reference.name) + tail
    if workspace:
        return f"azureml://{_format_workspace(workspace)}{kind}/{reference.name}{tail}"
    if reference.kind:
        return f"azureml://{kind}/{reference.name}{tail}"
    return f"azureml:{reference.name}" + (f":{version}" if version else f"@{label}" if label else "")


def _format_workspace(workspace: WorkspaceName | None) -> str:
    if workspace is None:
        return ""
    if workspace.resource_group is None:
        return f"locations/local/workspaces/{workspace.name}/"
    subscription = f"subscriptions/{workspace.subscription}/" if workspace.subscription else ""
    return f"{subscription}resourcegroups/{workspace.resource_group}/workspaces/{workspace.name}/"
