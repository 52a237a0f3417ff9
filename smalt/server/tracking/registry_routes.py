"""`registered-models/...` and `model-versions/...` of the MLflow protocol."""

from __future__ import annotations

from typing import Any

from smalt.kit import clock
from smalt.server.http import Answer, Call, Route, ok
from smalt.server.tracking.access import Space
from smalt.server.tracking.arguments import Arguments, with_token
from smalt.server.tracking.errors import NotImplementedHere
from smalt.server.tracking.registry import Registered, Registry, Version
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.table import Table
from smalt.server.work import Work

_READ = "workspaces/models/read"
_WRITE = "workspaces/models/write"
_DELETE = "workspaces/models/delete"
_READ_VERSION = "workspaces/models/versions/read"
_WRITE_VERSION = "workspaces/models/versions/write"
_DELETE_VERSION = "workspaces/models/versions/delete"


def routes(registry: Registry, workspaces: Workspaces) -> list[Route]:
    """The calls on the model registry."""
    models, versions = _Models(registry, workspaces), _Versions(registry, workspaces)
    table = Table()
    base = "/registered-models"
    table.add("POST", base + "/create", models.create, _WRITE, jobs=True, takes="name! description tags:pair[]")
    table.add("GET", base + "/get", models.get, _READ, jobs=True, takes="name!")
    table.add("GET", base + "/search", models.search, _READ, takes="filter order_by[] max_results:int page_token")
    table.add("GET", base + "/list", models.search, _READ, takes="filter order_by[] max_results:int page_token")
    table.add("PATCH", base + "/update", models.update, _WRITE, takes="name! description")
    table.add("POST", base + "/rename", models.rename, _WRITE, takes="name! new_name!")
    table.add("DELETE", base + "/delete", models.delete, _DELETE, takes="name!")
    table.add("POST", base + "/set-tag", models.set_tag, _WRITE, takes="name! key! value")
    table.add("DELETE", base + "/delete-tag", models.delete_tag, _WRITE, takes="name! key!")
    table.add("POST", base + "/alias", models.set_alias, _WRITE, takes="name! alias! version!")
    table.add("DELETE", base + "/alias", models.delete_alias, _WRITE, takes="name! alias!")
    table.add("GET", base + "/alias", models.by_alias, _READ_VERSION, jobs=True, takes="name! alias!")
    table.add("GET", base + "/get-latest-versions", models.latest, _READ_VERSION, jobs=True, takes="name! stages[]")
    table.add(
        "POST",
        base + "/get-latest-versions",
        models.latest,
        _READ_VERSION,
        jobs=True,
        writes=False,
        takes="name! stages[]",
    )
    base = "/model-versions"
    table.add(
        "POST",
        base + "/create",
        versions.create,
        _WRITE_VERSION,
        jobs=True,
        takes="name! source! description run_id model_id run_link tags:pair[]",
    )
    table.add("GET", base + "/get", versions.get, _READ_VERSION, jobs=True, takes="name! version!")
    table.add(
        "GET", base + "/search", versions.search, _READ_VERSION, takes="filter order_by[] max_results:int page_token"
    )
    table.add("PATCH", base + "/update", versions.update, _WRITE_VERSION, jobs=True, takes="name! version! description")
    table.add("DELETE", base + "/delete", versions.delete, _DELETE_VERSION, takes="name! version!")
    table.add(
        "POST",
        base + "/transition-stage",
        versions.transition,
        _WRITE_VERSION,
        takes="name! version! stage! archive_existing_versions:bool",
    )
    table.add("POST", base + "/set-tag", versions.set_tag, _WRITE_VERSION, jobs=True, takes="name! version! key! value")
    table.add(
        "DELETE", base + "/delete-tag", versions.delete_tag, _WRITE_VERSION, jobs=True, takes="name! version! key!"
    )
    table.add(
        "GET", base + "/get-download-uri", versions.download_uri, _READ_VERSION, jobs=True, takes="name! version!"
    )
    return table.routes


class _Shown:
    """Entities as MLflow shows them."""

    def __init__(self, registry: Registry, workspaces: Workspaces) -> None:
        self._registry = registry
        self._workspaces = workspaces

    def _model(self, work: Work, space: Space, model: Registered) -> dict[str, Any]:
        latest = self._registry.latest(work, space, model.name, [])
        return {
            "name": model.name,
            "creation_timestamp": model.created_at,
            "last_updated_timestamp": model.updated_at,
            "description": model.description,
            "latest_versions": [self._version(work, space, version) for version in latest],
            "tags": _pairs(model.tags),
            "aliases": [{"alias": alias, "version": version} for alias, version in sorted(model.aliases.items())],
        }

    def _version(self, work: Work, space: Space, version: Version) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": version.name,
            "version": version.version,
            "creation_timestamp": version.created_at,
            "last_updated_timestamp": version.updated_at,
            "user_id": version.user,
            "current_stage": version.stage,
            "description": version.description,
            "source": version.source or version.path,
            "run_id": version.run_id,
            "run_link": version.run_link,
            "status": "READY",
            "tags": _pairs(version.tags),
            "aliases": self._registry.aliases(work, space, version),
        }
        if version.model_id:
            found["model_id"] = version.model_id
        return found


class _Models(_Shown):
    def create(self, call: Call) -> Answer:
        """Make a registered model."""
        given, space, now = Arguments(call), self._workspaces.of(call), clock.to_millis(call.work.now)
        wanted = Registered(
            name=given.text("name"),
            description=given.text("description"),
            tags={tag.key: tag.value for tag in given.pairs("tags")},
            created_at=now,
            updated_at=now,
        )
        made = self._registry.create(call.work, space, wanted)
        return ok({"registered_model": self._model(call.work, space, made)})

    def get(self, call: Call) -> Answer:
        """Show a registered model."""
        space = self._workspaces.of(call)
        found = self._registry.find(call.work, space, Arguments(call).required("name"))
        return ok({"registered_model": self._model(call.work, space, found)})

    def search(self, call: Call) -> Answer:
        """Find registered models."""
        given, space = Arguments(call), self._workspaces.of(call)
        page = self._registry.search(
            call.work,
            space,
            filter_text=given.text("filter"),
            order_by=given.texts("order_by"),
            offset=given.offset(),
            limit=given.number("max_results", default=100, low=1, high=1000),
        )
        shown = [self._model(call.work, space, model) for model in page.items]
        return ok(with_token({"registered_models": shown}, page.after))

    def update(self, call: Call) -> Answer:
        """Change the description of a registered model."""
        given, space = Arguments(call), self._workspaces.of(call)
        found = self._registry.update(call.work, space, given.required("name"), given.text("description"))
        return ok({"registered_model": self._model(call.work, space, found)})

    def rename(self, call: Call) -> Answer:
        """Refuse: a model asset keeps its name."""
        given = Arguments(call)
        raise NotImplementedHere(
            f"The registered model {given.required('name')!r} is an asset, and an asset keeps its name. "
            f"Register its versions under {given.required('new_name')!r} and delete the old model."
        )

    def delete(self, call: Call) -> Answer:
        """Delete a registered model and its versions."""
        self._registry.delete(call.work, self._workspaces.of(call), Arguments(call).required("name"))
        return ok({})

    def set_tag(self, call: Call) -> Answer:
        """Set a tag of a registered model."""
        given = Arguments(call)
        tag = {given.required("key"): given.text("value")}
        self._registry.set_tags(call.work, self._workspaces.of(call), given.required("name"), tag)
        return ok({})

    def delete_tag(self, call: Call) -> Answer:
        """Delete a tag of a registered model."""
        given = Arguments(call)
        name, key = given.required("name"), given.required("key")
        self._registry.delete_tag(call.work, self._workspaces.of(call), name, key)
        return ok({})

    def set_alias(self, call: Call) -> Answer:
        """Point an alias at a version."""
        given = Arguments(call)
        name, alias, version = given.required("name"), given.required("alias"), given.required("version")
        self._registry.set_alias(call.work, self._workspaces.of(call), name, alias, version)
        return ok({})

    def delete_alias(self, call: Call) -> Answer:
        """Delete an alias."""
        given = Arguments(call)
        name, alias = given.required("name"), given.required("alias")
        self._registry.delete_alias(call.work, self._workspaces.of(call), name, alias)
        return ok({})

    def by_alias(self, call: Call) -> Answer:
        """Show the version an alias points at."""
        given, space = Arguments(call), self._workspaces.of(call)
        found = self._registry.by_alias(call.work, space, given.required("name"), given.required("alias"))
        return ok({"model_version": self._version(call.work, space, found)})

    def latest(self, call: Call) -> Answer:
        """Show the newest version in each stage."""
        given, space = Arguments(call), self._workspaces.of(call)
        found = self._registry.latest(call.work, space, given.required("name"), given.texts("stages"))
        return ok({"model_versions": [self._version(call.work, space, version) for version in found]})


class _Versions(_Shown):
    def create(self, call: Call) -> Answer:
        """Register files as a new version."""
        given, space, now = Arguments(call), self._workspaces.of(call), clock.to_millis(call.work.now)
        wanted = Version(
            name=given.required("name"),
            version="",
            path="",
            source=given.required("source"),
            description=given.text("description"),
            tags={tag.key: tag.value for tag in given.pairs("tags")},
            run_id=given.text("run_id"),
            model_id=given.text("model_id"),
            run_link=given.text("run_link"),
            user=call.actor.name,
            created_at=now,
            updated_at=now,
        )
        made = self._registry.create_version(call.work, space, wanted)
        return ok({"model_version": self._version(call.work, space, made)})

    def get(self, call: Call) -> Answer:
        """Show a version."""
        given, space = Arguments(call), self._workspaces.of(call)
        found = self._registry.find_version(call.work, space, given.required("name"), given.required("version"))
        return ok({"model_version": self._version(call.work, space, found)})

    def search(self, call: Call) -> Answer:
        """Find versions."""
        given, space = Arguments(call), self._workspaces.of(call)
        page = self._registry.search_versions(
            call.work,
            space,
            filter_text=given.text("filter"),
            order_by=given.texts("order_by"),
            offset=given.offset(),
            limit=given.number("max_results", default=10_000, low=1, high=200_000),
        )
        shown = [self._version(call.work, space, version) for version in page.items]
        return ok(with_token({"model_versions": shown}, page.after))

    def update(self, call: Call) -> Answer:
        """Change the description of a version."""
        given, space = Arguments(call), self._workspaces.of(call)
        name, version = given.required("name"), given.required("version")
        found = self._registry.update_version(call.work, space, name, version, given.text("description"))
        return ok({"model_version": self._version(call.work, space, found)})

    def delete(self, call: Call) -> Answer:
        """Delete a version; its files stay."""
        given = Arguments(call)
        name, version = given.required("name"), given.required("version")
        self._registry.delete_version(call.work, self._workspaces.of(call), name, version)
        return ok({})

    def transition(self, call: Call) -> Answer:
        """Move a version to a stage."""
        given, space = Arguments(call), self._workspaces.of(call)
        found = self._registry.transition(
            call.work,
            space,
            given.required("name"),
            given.required("version"),
            given.required("stage"),
            archive_existing=given.flag("archive_existing_versions"),
        )
        return ok({"model_version": self._version(call.work, space, found)})

    def set_tag(self, call: Call) -> Answer:
        """Set a tag of a version."""
        given = Arguments(call)
        name, version, key = given.required("name"), given.required("version"), given.required("key")
        self._registry.set_version_tag(call.work, self._workspaces.of(call), name, version, key, given.text("value"))
        return ok({})

    def delete_tag(self, call: Call) -> Answer:
        """Delete a tag of a version."""
        given = Arguments(call)
        name, version, key = given.required("name"), given.required("version"), given.required("key")
        self._registry.delete_version_tag(call.work, self._workspaces.of(call), name, version, key)
        return ok({})

    def download_uri(self, call: Call) -> Answer:
        """Say where the files of a version are."""
        given = Arguments(call)
        name, version = given.required("name"), given.required("version")
        return ok({"artifact_uri": self._registry.download_uri(call.work, self._workspaces.of(call), name, version)})


def _pairs(tags: Any) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
