"""Routes of flows: what there is, its versions and files, and what is drawn of it."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import quote

from smalt.entities.base import ASSET_NAME, check_name
from smalt.entities.flow import FlowDeployment
from smalt.errors import InvalidRequest
from smalt.flows import gallery
from smalt.server.flows import contents
from smalt.server.flows.contents import LARGEST_REQUEST_BYTES, Contents, place_of
from smalt.server.flows.document import diff_to_json, files_to_json, flow_to_json, outline_to_json, version_to_json
from smalt.server.flows.service import Described, FlowService, require_base
from smalt.server.flows.store import FlowRecord, VersionRecord
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.serving import models_served
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm.envelope import parse_arm_id

FLOWS = WORKSPACE + "/smalt/flows"
ONE = FLOWS + "/{flow}"
VERSION = ONE + "/versions/{version}"

_PAGE_SIZE = 100
_LONGEST_TEXT = 10_000
_MOST_TAGS = 100
# Archives are the same bytes for the same files, so that they can be compared.
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)


class _Handlers:
    def __init__(self, service: FlowService, workspaces: WorkspaceService) -> None:
        self._service = service
        self._workspaces = workspaces

    def templates(self, call: Call) -> Answer:
        """Flows to begin with."""
        return ok(
            {
                "value": [
                    {
                        "name": each.name,
                        "displayName": each.display_name,
                        "description": each.description,
                        "type": each.type,
                    }
                    for each in gallery.templates()
                ]
            }
        )

    def list(self, call: Call) -> Answer:
        """Flows of a workspace, by name."""
        workspace = self._workspaces.of(call)
        tag = call.query.get("tag") or None
        page = self._service.page(
            call.work,
            workspace,
            search=call.query.get("search") or None,
            tag=None if tag is None else _pair(tag),
            after=call.position(str),
            limit=call.number("$top", default=_PAGE_SIZE, low=1, high=1000),
        )
        shown = [self._shown(call.work, workspace, record) for record in page.items]
        return ok(call.listing(Page(shown, page.after)))

    def put(self, call: Call) -> Answer:
        """Make a flow: of a template, of files, or as a copy of another."""
        workspace = self._workspaces.of(call)
        name = _name(call.params["flow"])
        body = call.json_object()
        files, described = self._beginning(call, workspace, body)
        record = self._service.create(call.work, workspace, name, files, described, message=_text(body, "message"))
        return created(flow_to_json(record), is_new=True)

    def show(self, call: Call) -> Answer:
        """One flow."""
        workspace, record = self._found(call)
        return ok(self._shown(call.work, workspace, record))

    def change(self, call: Call) -> Answer:
        """Change what is said of a flow; its tags are replaced as a whole."""
        workspace = self._workspaces.of(call)
        record = self._service.change(call.work, workspace, call.params["flow"], _described(call.json_object()))
        return ok(self._shown(call.work, workspace, record))

    def delete(self, call: Call) -> Answer:
        """Delete a flow; the jobs and deployments that were made of it stay."""
        self._service.delete(call.work, self._workspaces.of(call), call.params["flow"])
        return empty()

    def versions(self, call: Call) -> Answer:
        """Versions of a flow, the newest first."""
        _, record = self._found(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        page = self._service.versions(call.work, record, below=call.position(int), limit=limit)
        return ok(call.listing(Page([version_to_json(each) for each in page.items], page.after)))

    def save(self, call: Call) -> Answer:
        """Save changes upon the latest version, which makes the next one."""
        body = call.json_object()
        version, is_new = self._service.save(
            call.work,
            self._workspaces.of(call),
            call.params["flow"],
            contents.read_edits(body.get("files")),
            base=require_base(body.get("base")),
            message=_text(body, "message"),
        )
        return created(version_to_json(version), is_new=is_new)

    def show_version(self, call: Call) -> Answer:
        """One version, by its number or `latest`."""
        return ok(version_to_json(self._version(call)))

    def files(self, call: Call) -> Answer:
        """The files of a version."""
        return ok({"value": files_to_json(self._version(call))})

    def file(self, call: Call) -> Answer:
        """A file of a version, as it is."""
        path = call.params["path"]
        return _download(self._service.file(self._version(call), path), path.rpartition("/")[2])

    def diff(self, call: Call) -> Answer:
        """What differs from another version."""
        _, record = self._found(call)
        after = self._service.version(call.work, record, call.params["version"])
        before = self._service.version(call.work, record, call.query.get("from") or str(max(after.version - 1, 1)))
        changes = diff_to_json(self._service.contents(before), self._service.contents(after))
        return ok({"from": before.version, "to": after.version, "files": changes})

    def archive(self, call: Call) -> Answer:
        """All files of a version in one."""
        version = self._version(call)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(self._service.contents(version).items()):
                archive.writestr(zipfile.ZipInfo(path, _ZIP_MOMENT), content, zipfile.ZIP_DEFLATED)
        name = f"{call.params['flow']}-{version.version}.zip"
        return _download(packed.getvalue(), name, media_type="application/zip")

    def graph(self, call: Call) -> Answer:
        """What is drawn of a version, and what is wrong with it; nothing of it runs."""
        return ok(outline_to_json(self._service.outline(self._version(call))))

    def _beginning(
        self, call: Call, workspace: WorkspaceRecord, body: dict[str, Any]
    ) -> tuple[Contents, Described]:  # Any: JSON
        described = _described(body)
        given = [key for key in ("template", "files", "cloneOf") if body.get(key) is not None]
        if len(given) != 1:
            raise InvalidRequest(
                f"A flow begins with a template, with files or as a clone; given are: {', '.join(given) or 'none'}. "
                "Send exactly one of template, files and cloneOf.",
                target="files",
            )
        if given == ["template"]:
            return gallery.files(str(body["template"])), described
        if given == ["files"]:
            return contents.edited({}, contents.read_edits(body["files"])), described
        return self._clone(call, workspace, body["cloneOf"], described)

    def _clone(
        self, call: Call, workspace: WorkspaceRecord, source: Any, described: Described
    ) -> tuple[Contents, Described]:  # Any: JSON
        if not isinstance(source, dict) or not isinstance(source.get("flow"), str):
            raise InvalidRequest('cloneOf names no flow. Send {"flow": "name"}.', target="cloneOf")
        home = workspace if source.get("workspace") is None else self._workspace(call, source["workspace"])
        number = str(source.get("version") or "latest")
        version = self._service.readable(call.work, home, source["flow"], number)
        record = self._service.get(call.work, home, source["flow"])
        taken = {"workspace": home.scope, "flow": record.name, "version": version.version}
        whole = Described(
            described.display_name,
            record.description if described.description is None else described.description,
            record.tags if described.tags is None else described.tags,
            taken,
        )
        return self._service.contents(version), whole

    def _workspace(self, call: Call, given: Any) -> WorkspaceRecord:  # Any: JSON
        found = parse_arm_id(given) if isinstance(given, str) else None
        if found is None or found.workspace is None:
            raise InvalidRequest(
                f"{str(given)[:200]!r} is no id of a workspace. Send /subscriptions/.../workspaces/NAME.",
                target="cloneOf.workspace",
            )
        scope = found.scope
        named = {"subscription": scope.subscription, "group": scope.resource_group, "workspace": scope.name}
        return self._workspaces.resolve(call.work, named)

    def _found(self, call: Call) -> tuple[WorkspaceRecord, FlowRecord]:
        workspace = self._workspaces.of(call)
        return workspace, self._service.get(call.work, workspace, call.params["flow"])

    def _version(self, call: Call) -> VersionRecord:
        return self._service.version(call.work, self._found(call)[1], call.params["version"])

    def _shown(self, work: Work, workspace: WorkspaceRecord, record: FlowRecord) -> dict[str, Any]:  # Any: JSON
        served = work.once(("served", workspace.id), lambda: models_served(work.connection, workspace.id))
        found = ((each.endpoint, each.deployment, place_of(each.uri)) for each in served)
        return flow_to_json(
            record,
            [
                FlowDeployment(endpoint=endpoint, deployment=deployment, version=place[1])
                for endpoint, deployment, place in found
                if place is not None and place[0] == record.id
            ],
        )


def routes(service: FlowService, workspaces: WorkspaceService) -> list[Route]:
    """The routes of flows as assets."""
    handlers = _Handlers(service, workspaces)
    table = Routes()
    read, write = "workspaces/flows/read", "workspaces/flows/write"
    paged = ("$top:int", "$skip")
    table.add("GET", WORKSPACE + "/smalt/flowTemplates", handlers.templates, action=read)
    table.add("GET", FLOWS, handlers.list, action=read, query=("search", "tag", *paged))
    table.add(
        "PUT",
        ONE,
        handlers.put,
        action=write,
        body="displayName description tags:texts message template files:object[] cloneOf:object",
        max_body_bytes=LARGEST_REQUEST_BYTES,
    )
    table.add("GET", ONE, handlers.show, action=read)
    table.add("PATCH", ONE, handlers.change, action=write, body="displayName description tags:texts")
    table.add("DELETE", ONE, handlers.delete, action="workspaces/flows/delete")
    table.add("GET", f"{ONE}/versions", handlers.versions, action=read, query=paged)
    table.add(
        "POST",
        f"{ONE}/versions",
        handlers.save,
        action=write,
        body="base:int! message files:object[]!",
        max_body_bytes=LARGEST_REQUEST_BYTES,
    )
    table.add("GET", VERSION, handlers.show_version, action=read)
    table.add("GET", f"{VERSION}/files", handlers.files, action=read)
    table.add("GET", f"{VERSION}/files/{{path:path}}", handlers.file, action=read)
    table.add("GET", f"{VERSION}/diff", handlers.diff, action=read, query=("from",))
    table.add("GET", f"{VERSION}/archive", handlers.archive, action=read)
    table.add("GET", f"{VERSION}/graph", handlers.graph, action=read)
    return table.all


def _name(text: str) -> str:
    try:
        return check_name(text, ASSET_NAME)
    except ValueError as error:
        raise InvalidRequest(str(error), target="name") from None


def _pair(text: str) -> tuple[str, str | None]:
    key, found, value = text.partition("=")
    return key, value if found else None


def _described(body: dict[str, Any]) -> Described:  # Any: JSON
    tags = body.get("tags")
    if tags is not None and not _are_texts(tags):
        raise InvalidRequest(
            f"tags are no mapping of text to text, or more than {_MOST_TAGS}. Mend them.", target="tags"
        )
    return Described(_text(body, "displayName"), _text(body, "description"), tags)


def _are_texts(tags: Any) -> bool:  # Any: JSON
    return (
        isinstance(tags, dict)
        and len(tags) <= _MOST_TAGS
        and all(isinstance(value, str) and len(key) + len(value) <= _LONGEST_TEXT for key, value in tags.items())
    )


def _text(body: dict[str, Any], key: str) -> str | None:  # Any: JSON
    value = body.get(key)
    if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_TEXT):
        raise InvalidRequest(f"{key} is no text of at most {_LONGEST_TEXT} characters. Shorten it.", target=key)
    return value


def _download(content: bytes, name: str, *, media_type: str = "application/octet-stream") -> Answer:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Answer(200, content, headers, media_type)
