"""Routes of the studio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.responses import Response, StreamingResponse

from smalt.blobs import clean_key
from smalt.errors import Forbidden, InvalidRequest, SmaltError
from smalt.server.assets import AssetService, DataLocator, Location
from smalt.server.audit import split_scope
from smalt.server.http import ANYONE, SIGNED_IN, WORKSPACE, Answer, Call, Page, Route, Routes, created, event_stream, ok
from smalt.server.identity import (
    BrowserSession,
    IdentityService,
    Sessions,
    cookie_name,
    is_same_origin,
    proof,
    session_token,
)
from smalt.server.jobs import JobService
from smalt.server.studio import files, packing, search
from smalt.server.studio.lineage import FindServed, Lineage
from smalt.server.studio.live import Live
from smalt.server.studio.pages import Pages
from smalt.server.studio.views import View, ViewService
from smalt.server.traces import TraceService
from smalt.server.tracking import TrackingService
from smalt.server.work import NOBODY, Actor, Works
from smalt.server.workspaces import WorkspaceService

_READ = "workspaces/jobs/read"
_WRITE = "workspaces/jobs/write"
_READ_ROLES = "authorization/roleAssignments/read"

Admit = Callable[[Call, str], Actor]
"""Finds the caller and checks that they may do an action here."""


@dataclass(frozen=True)
class Neighbours:
    """What the studio looks into."""

    identity: IdentityService
    workspaces: WorkspaceService
    jobs: JobService
    assets: AssetService
    locator: DataLocator
    works: Works
    admit: Admit
    served: FindServed
    named: Mapping[str, search.Look]
    tracking: TrackingService
    traces: TraceService
    views: ViewService


class _Handlers:
    def __init__(self, near: Neighbours, pages: Pages, live: Live) -> None:
        self._near = near
        self._pages = pages
        self._live = live
        self._sessions = Sessions(near.identity)
        self._lineage = Lineage(near.jobs, near.assets, near.served)
        self._places = search.Places(near.jobs, near.assets, near.tracking, near.named, near.traces)

    def front(self, call: Call) -> Answer:
        """Lead to the studio."""
        if call.path == "/studio/":  # The route table does not part the two.
            return self._pages.answer("", packs=False)
        return Answer(302, None, {"Location": "/studio/"})

    def from_mlflow(self, call: Call) -> Answer:
        """Lead from the address of a tracking server, where the client of MLflow says runs are seen, to the studio."""
        scope = call.path.partition("/v2.0")[2].rstrip("/")
        workspace = {"wsid": scope} if scope else {"workspace": call.params["workspace"]}
        # A browser takes along what stands behind the hash: the run.
        return Answer(302, None, {"Location": f"/studio/mlflow?{urlencode(workspace)}"})

    def page(self, call: Call) -> Answer:
        """A page of the studio, or a file of it."""
        packs = "gzip" in (call.header("accept-encoding") or "")
        return self._pages.answer(call.params["rest"], packs=packs)

    def show_session(self, call: Call) -> Answer:
        """Who is signed in with the cookie, if anybody is, and the word that has to come with writes."""
        token = session_token(call)
        if token is None:
            # An error would stand in the console of everybody's first visit.
            return ok({"id": None, "name": None, "csrfToken": None})
        actor = self._near.identity.authenticate(call.work, token).actor
        return ok({"id": actor.id, "name": actor.name, "csrfToken": proof(token)})

    def open_session(self, call: Call) -> Answer:
        """Sign in with a token or the link of `smalt studio`; sets the cookie of the session."""
        if not is_same_origin(call) or "json" not in (call.header("content-type") or ""):
            raise Forbidden("Only a page of this server signs in. Open the studio itself.", code="CrossSiteRequest")
        token = call.json_object().get("token")
        if not isinstance(token, str) or not token.strip():
            raise InvalidRequest('The body holds no token. Send {"token": "..."}.', target="token")
        session = self._sessions.open(call.work, token.strip())
        lifetime = int((session.expires_at - call.work.now).total_seconds())
        body = {"id": session.actor.id, "name": session.actor.name, "csrfToken": proof(session.token)}
        return Answer(201, body, {"Set-Cookie": _cookie(call, session, lifetime)})

    def close_session(self, call: Call) -> Answer:
        """Sign out: the session ends at once, for every tab."""
        token = session_token(call)
        if token is not None:
            self._sessions.close(call.work, token)
        return Answer(200, None, {"Set-Cookie": _cookie(call, None, 0)})

    def make_link(self, call: Call) -> Answer:
        """An address that signs its first visitor in as the caller, within two minutes."""
        code = self._sessions.link(call.work, call.actor)
        # Behind the hash, so that it stands in no log.
        return created({"url": f"{call.base_url}/studio/signin#{quote(code)}"}, is_new=True)

    async def events(self, call: Call) -> Response:
        """What changes in a workspace, as server-sent events: kinds and names."""
        with self._near.works.read(NOBODY) as work:
            workspace = self._near.workspaces.resolve(work, call.params)
        return event_stream(self._live.stream(workspace.id, lambda: self._may(call, _READ)))

    def search(self, call: Call) -> Answer:
        """What a workspace has, and people, by a text, a tag (key=value) or a metric (name>value)."""
        text = (call.query.get("q") or "").strip()
        if not text:
            return ok({"value": []})
        limit = call.number("$top", default=8, low=1, high=50)
        workspace = self._near.workspaces.of(call)
        people = self._people(call, workspace.scope)
        found = search.find(
            call.work,
            workspace,
            text,
            places=self._places,
            people=people,
            may=lambda action: self._may(call, action),
            limit=limit,
        )
        return ok({"value": found})

    def views(self, call: Call) -> Answer:
        """The saved views of the caller, and those that everybody sees."""
        workspace = self._near.workspaces.of(call)
        return ok({"value": [_shown(each) for each in self._near.views.all(call.work, workspace.id)]})

    def put_view(self, call: Call) -> Answer:
        """Save a view of the list of jobs: for oneself, or for everybody who may read jobs."""
        body, workspace = call.json_object(), self._near.workspaces.of(call)
        is_shared = body.get("isShared", False)
        if not isinstance(is_shared, bool):
            raise InvalidRequest(f"isShared is {is_shared!r}. Write true or false.", target="isShared")
        self._check_shared(call, is_shared=is_shared)
        name, search = call.params["name"], body.get("search")
        view = self._near.views.put(call.work, workspace.id, name, search, is_shared=is_shared)
        return ok(_shown(view))

    def delete_view(self, call: Call) -> Answer:
        """Delete a saved view."""
        is_shared = call.flag("shared")
        self._check_shared(call, is_shared=is_shared)
        self._near.views.delete(call.work, self._near.workspaces.of(call).id, call.params["name"], is_shared=is_shared)
        return Answer(204, None)

    def _check_shared(self, call: Call, *, is_shared: bool) -> None:
        if is_shared:
            self._near.admit(call, _WRITE)

    def _may(self, call: Call, action: str) -> bool:
        try:
            self._near.admit(call, action)
        except SmaltError:
            return False
        return True

    def _people(self, call: Call, scope: str) -> list[str]:
        """Names of those who hold a role here, for callers who may know that."""
        if not self._may(call, _READ_ROLES):
            return []
        directory = self._near.identity.directory
        held = {row["actor_id"] for row in directory.assignments(call.work, split_scope(scope))}
        found = (self._near.identity.find_actor(call.work, actor) for actor in held)
        return sorted(actor.name for actor in found if actor is not None)

    def lineage(self, call: Call) -> Answer:
        """Where a job, or a version of data or a model, comes from, and what has become of it, as a graph."""
        words = {name: call.query.get(name) or "" for name in ("kind", "name", "version")}
        return ok(self._lineage.document(call.work, self._near.workspaces.of(call), **words))

    def files(self, call: Call) -> Answer:
        """The files and folders below a reference, such as the artifacts of a job."""
        uri = call.query.get("uri") or ""
        if not uri:
            raise InvalidRequest("uri is missing. Name what the files belong to, e.g. azureml:model:1.", target="uri")
        folder = call.query.get("path") or ""
        location = self._near.locator.locate(call.work, self._near.workspaces.of(call), uri)
        found, after = files.listing(
            self._near.workspaces.of(call),
            location,
            folder=clean_key(folder) if folder else "",
            after=call.position(str),
            limit=call.number("$top", default=1000, low=1, high=5000),
        )
        return ok(call.listing(Page(found, after)))

    async def archive(self, call: Call) -> Response:
        """All files below a reference, or below a folder of it, as one ZIP archive."""
        uri, folder = call.query.get("uri") or "", call.query.get("path") or ""
        if not uri:
            raise InvalidRequest("uri is missing. Name what the files belong to, e.g. azureml:model:1.", target="uri")
        location, pieces = await asyncio.to_thread(self._packed, call, uri, clean_key(folder) if folder else "")
        name = quote(f"{(folder or location.key).rpartition('/')[2] or 'files'}.zip", safe="")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return StreamingResponse(pieces, headers=headers, media_type="application/zip")

    def _packed(self, call: Call, uri: str, folder: str) -> tuple[Location, Iterator[bytes]]:
        with self._near.works.read(NOBODY) as work:
            location = self._near.locator.locate(work, self._near.workspaces.resolve(work, call.params), uri)
        return location, packing.packed(location, folder)


def routes(near: Neighbours, pages: Pages, live: Live) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(near, pages, live)
    table = Routes()
    table.add("GET", "/", handlers.front, action=ANYONE)
    table.add("GET", "/studio", handlers.front, action=ANYONE)
    table.add("GET", "/studio/{rest:path}", handlers.page, action=ANYONE)
    for base in ("/mlflow/{workspace}", "/mlflow/v2.0" + WORKSPACE):
        table.add("GET", base, handlers.from_mlflow, action=ANYONE)
    table.add("GET", "/studio/session", handlers.show_session, action=ANYONE)
    table.add("POST", "/studio/session", handlers.open_session, action=ANYONE, body="token!")
    table.add("DELETE", "/studio/session", handlers.close_session, action=SIGNED_IN, audited=False)
    table.add("POST", "/studio/links", handlers.make_link, action=SIGNED_IN)
    table.add("GET", WORKSPACE + "/smalt/events", handlers.events, action=_READ)
    table.add("GET", WORKSPACE + "/smalt/search", handlers.search, action=_READ, query=("q", "$top:int"))
    named = ("kind!", "name!", "version")
    table.add("GET", WORKSPACE + "/smalt/lineage", handlers.lineage, action=_READ, query=named)
    # Whoever sees the jobs may keep views of them: what is changed for others is looked at in the handlers.
    table.add("GET", WORKSPACE + "/smalt/views", handlers.views, action=_READ)
    view = WORKSPACE + "/smalt/views/{name}"
    table.add("PUT", view, handlers.put_view, action=_READ, body="search:texts! isShared:bool")
    table.add("DELETE", view, handlers.delete_view, action=_READ, query=("shared:bool",))
    read_blobs = "workspaces/datastores/blobs/read"
    listed = ("uri!", "path", "$top:int", "$skip")
    table.add("GET", WORKSPACE + "/smalt/files", handlers.files, action=read_blobs, query=listed)
    table.add("GET", WORKSPACE + "/smalt/archive", handlers.archive, action=read_blobs, query=("uri!", "path"))
    return table.all


def _shown(view: View) -> dict[str, object]:
    return {
        "name": view.name,
        "search": dict(view.search),
        "isShared": not view.owner_id,
        "changedAt": view.changed_at.isoformat(),
        "changedBy": view.changed_by,
    }


def _cookie(call: Call, session: BrowserSession | None, lifetime: int) -> str:
    value = session.token if session is not None else ""
    secure = "; Secure" if call.base_url.startswith("https:") else ""
    return f"{cookie_name(call.base_url)}={value}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Strict{secure}"
