"""The model registry as MLflow sees it. Its rows are the model assets of the workspace: one truth, two spellings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlsplit

from smalt.server.http import Page
from smalt.server.tracking import access, artifacts, limits
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import AlreadyExists, DoesNotExist, InvalidParameter, NotYours
from smalt.server.tracking.logged_models import LoggedModels
from smalt.server.tracking.runs import Runs
from smalt.server.tracking.search import MODELS, VERSIONS, parse_filter, parse_order
from smalt.server.tracking.search.predicate import matches, ordered
from smalt.server.work import Work

STAGES = {"none": "None", "staging": "Staging", "production": "Production", "archived": "Archived"}
_IS_PROMPT = "mlflow.prompt.is_prompt"
_NO_FILES = "prompt"
_STORE = "azureml://datastores/workspaceartifactstore/paths/"


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered model: the container of its versions. Times are milliseconds since the epoch."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a registered model.

    Args:
        path: Where its files are, in the platform's own spelling (`azureml://datastores/...`, `https://...`).
        source: The same in the words of whoever registered it, e.g. `runs:/<id>/model`.
        stage: None, Staging, Production or Archived.
        run_id: The run that made it; empty when unknown.
        model_id: The logged model it came from; empty when none.
    """

    name: str
    version: str
    path: str
    source: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    stage: str = "None"
    run_id: str = ""
    model_id: str = ""
    run_link: str = ""
    user: str = ""
    created_at: int = 0
    updated_at: int = 0


class ModelRegistry(Protocol):
    """The model assets of a workspace, kept by the assets slice."""

    def models(self, work: Work, workspace: Space) -> Sequence[Registered]:
        """All that are not archived."""

    def find_model(self, work: Work, workspace: Space, name: str) -> Registered | None:
        """The model of this name, unless it is archived."""

    def put_model(self, work: Work, workspace: Space, model: Registered) -> Registered:
        """Store a model without versions, or its description, tags and aliases anew."""

    def delete_model(self, work: Work, workspace: Space, name: str) -> None:
        """Remove a model with its versions; their files stay."""

    def versions(self, work: Work, workspace: Space, name: str | None) -> Sequence[Version]:
        """All versions of one model or, for None, of all models."""

    def find_version(self, work: Work, workspace: Space, name: str, version: str) -> Version | None:
        """One version."""

    def add_version(self, work: Work, workspace: Space, version: Version) -> Version:
        """Register a new version under the next number; the given number is ignored."""

    def put_version(self, work: Work, workspace: Space, version: Version) -> Version:
        """Store description, tags and stage of a version anew."""

    def delete_version(self, work: Work, workspace: Space, name: str, version: str) -> None:
        """Remove a version; its files stay."""

    def location(self, work: Work, workspace: Space, version: Version) -> tuple[str, str] | None:
        """Container and key of the version's files, or None when they stand outside the workspace's own store."""


class Registry:
    """The verbs of the registry."""

    def __init__(self, assets: ModelRegistry, runs: Runs, models: LoggedModels) -> None:
        self._assets = assets
        self._runs = runs
        self._models = models

    def create(self, work: Work, workspace: Space, model: Registered) -> Registered:
        """Make a registered model without versions.

        Raises:
            AlreadyExists: The name is taken.
        """
        access.check_space(work.actor, workspace)
        _check_name(model.name)
        _check_tags(model.tags)
        if self._assets.find_model(work, workspace, model.name) is not None:
            raise AlreadyExists(f"Registered Model (name={model.name}) already exists. Add a version to it instead.")
        return self._assets.put_model(work, workspace, model)

    def find(self, work: Work, workspace: Space, name: str) -> Registered:
        """The registered model of this name.

        Raises:
            DoesNotExist: There is none.
        """
        access.check_space(work.actor, workspace)
        _check_name(name)
        found = self._assets.find_model(work, workspace, name)
        if found is None:
            raise DoesNotExist(f"Registered Model with name={name} not found. Find it with registered-models/search.")
        return found

    def update(self, work: Work, workspace: Space, name: str, description: str) -> Registered:
        """Change the description."""
        model = self._of_person(work, workspace, name)
        return self._assets.put_model(work, workspace, replace(model, description=description))

    def delete(self, work: Work, workspace: Space, name: str) -> None:
        """Remove a model and its versions."""
        self._assets.delete_model(work, workspace, self._of_person(work, workspace, name).name)

    def set_tags(self, work: Work, workspace: Space, name: str, tags: Mapping[str, str]) -> None:
        """Set tags of a model."""
        _check_tags(tags)
        model = self._of_person(work, workspace, name)
        self._assets.put_model(work, workspace, replace(model, tags={**model.tags, **tags}))

    def delete_tag(self, work: Work, workspace: Space, name: str, key: str) -> None:
        """Take a tag away; fine when it is not there."""
        model = self._of_person(work, workspace, name)
        rest = {one: value for one, value in model.tags.items() if one != key}
        self._assets.put_model(work, workspace, replace(model, tags=rest))

    def set_alias(self, work: Work, workspace: Space, name: str, alias: str, version: str) -> None:
        """Point an alias at a version."""
        limits.check_alias(alias)
        model = self._of_person(work, workspace, name)
        self.find_version(work, workspace, name, version)
        self._assets.put_model(work, workspace, replace(model, aliases={**model.aliases, alias: version}))

    def delete_alias(self, work: Work, workspace: Space, name: str, alias: str) -> None:
        """Take an alias away; fine when it is not there."""
        model = self._of_person(work, workspace, name)
        rest = {one: version for one, version in model.aliases.items() if one != alias}
        self._assets.put_model(work, workspace, replace(model, aliases=rest))

    def by_alias(self, work: Work, workspace: Space, name: str, alias: str) -> Version:
        """The version an alias points at.

        Raises:
            InvalidParameter: There is no such alias; MLflow's clients expect this code.
        """
        model = self.find(work, workspace, name)
        version = model.aliases.get(alias)
        if version is None:
            raise InvalidParameter(f"Registered model alias {alias} not found. {name} has: {sorted(model.aliases)}.")
        return self.find_version(work, workspace, name, version)

    def create_version(self, work: Work, workspace: Space, wanted: Version) -> Version:
        """Register files as the next version of a model.

        Raises:
            InvalidParameter: The source cannot be reached by this server.
        """
        self.find(work, workspace, wanted.name)
        _check_tags(wanted.tags)
        if wanted.run_id:
            self._runs.find_readable(work, workspace, wanted.run_id)
        if wanted.model_id:
            self._models.find(work, workspace, wanted.model_id)
        if wanted.tags.get(_IS_PROMPT) == "true":
            # A prompt is all tags; its source is a word, not a place.
            path, run_id = _NO_FILES, ""
        else:
            path, run_id = self._path(work, workspace, wanted.source)
        return self._assets.add_version(work, workspace, replace(wanted, path=path, run_id=wanted.run_id or run_id))

    def find_version(self, work: Work, workspace: Space, name: str, version: str) -> Version:
        """One version.

        Raises:
            DoesNotExist: There is none.
        """
        self.find(work, workspace, name)
        limits.check_text("version", version, 64)
        found = self._assets.find_version(work, workspace, name, version)
        if found is None:
            raise DoesNotExist(f"Model Version (name={name}, version={version}) not found. See model-versions/search.")
        return found

    def update_version(self, work: Work, workspace: Space, name: str, version: str, description: str) -> Version:
        """Change the description."""
        found = self._writable(work, workspace, name, version)
        return self._assets.put_version(work, workspace, replace(found, description=description))

    def delete_version(self, work: Work, workspace: Space, name: str, version: str) -> None:
        """Remove a version, and the aliases that point at it."""
        model = self._of_person(work, workspace, name)
        self.find_version(work, workspace, name, version)
        self._assets.delete_version(work, workspace, name, version)
        rest = {alias: other for alias, other in model.aliases.items() if other != version}
        if rest != model.aliases:
            self._assets.put_model(work, workspace, replace(model, aliases=rest))

    def set_version_tag(self, work: Work, workspace: Space, name: str, version: str, key: str, value: str) -> None:
        """Set a tag of a version."""
        _check_tags({key: value})
        found = self._writable(work, workspace, name, version)
        self._assets.put_version(work, workspace, replace(found, tags={**found.tags, key: value}))

    def delete_version_tag(self, work: Work, workspace: Space, name: str, version: str, key: str) -> None:
        """Take a tag of a version away; fine when it is not there."""
        found = self._writable(work, workspace, name, version)
        rest = {one: value for one, value in found.tags.items() if one != key}
        self._assets.put_version(work, workspace, replace(found, tags=rest))

    def transition(
        self, work: Work, workspace: Space, name: str, version: str, stage: str, *, archive_existing: bool
    ) -> Version:
        """Move a version to a stage, and when asked the versions that were there to Archived."""
        wanted = _stage(stage)
        found = self._writable(work, workspace, name, version)
        if archive_existing:
            if wanted not in {"Staging", "Production"}:
                raise InvalidParameter(
                    "archive_existing_versions works for the stages Staging and Production only. Leave it out."
                )
            for other in self._assets.versions(work, workspace, name):
                if other.stage == wanted and other.version != version:
                    self._assets.put_version(work, workspace, replace(other, stage="Archived"))
        return self._assets.put_version(work, workspace, replace(found, stage=wanted))

    def latest(self, work: Work, workspace: Space, name: str, stages: Sequence[str]) -> list[Version]:
        """The newest version in each stage."""
        self.find(work, workspace, name)
        wanted = {_stage(stage) for stage in stages}
        newest: dict[str, Version] = {}
        for version in self._assets.versions(work, workspace, name):
            best = newest.get(version.stage)
            if (not wanted or version.stage in wanted) and (best is None or _order(version) > _order(best)):
                newest[version.stage] = version
        return [newest[stage] for stage in STAGES.values() if stage in newest]

    def search(
        self, work: Work, workspace: Space, *, filter_text: str, order_by: Sequence[str], offset: int, limit: int
    ) -> Page[Registered]:
        """Registered models that match, by name unless ordered otherwise."""
        access.check_space(work.actor, workspace)
        clauses, orders = parse_filter(filter_text, MODELS), parse_order(order_by, MODELS)
        found = [
            model
            for model in self._assets.models(work, workspace)
            if matches(clauses, {"name": model.name}, model.tags)
        ]
        found = ordered(sorted(found, key=lambda model: model.name), orders, _model_attribute)
        return Page(found[offset : offset + limit], offset + limit if len(found) > offset + limit else None)

    def search_versions(
        self, work: Work, workspace: Space, *, filter_text: str, order_by: Sequence[str], offset: int, limit: int
    ) -> Page[Version]:
        """Versions that match, by name and newest first unless ordered otherwise."""
        access.check_space(work.actor, workspace)
        clauses, orders = parse_filter(filter_text, VERSIONS), parse_order(order_by, VERSIONS)
        names = {clause.value for clause in clauses if clause.key == "name" and clause.operator == "="}
        only = str(next(iter(names))) if len(names) == 1 else None
        found = [one for one in self._assets.versions(work, workspace, only) if matches(clauses, _facts(one), one.tags)]
        found.sort(key=_order, reverse=True)
        found.sort(key=lambda one: one.name)
        found = ordered(found, orders, _version_attribute)
        return Page(found[offset : offset + limit], offset + limit if len(found) > offset + limit else None)

    def aliases(self, work: Work, workspace: Space, version: Version) -> list[str]:
        """Aliases that point at a version."""
        model = self._assets.find_model(work, workspace, version.name)
        return sorted(alias for alias, other in (model.aliases if model else {}).items() if other == version.version)

    def download_uri(self, work: Work, workspace: Space, name: str, version: str) -> str:
        """Where a client gets the files: through this server when they stand in the workspace's own store."""
        found = self.find_version(work, workspace, name, version)
        location = self._assets.location(work, workspace, found)
        if location is None:
            return found.path
        container, key = location
        # A job reads every registered version, but not the run or logged model of somebody else that it came from.
        if container == artifacts.CONTAINER and work.actor.grant is None:
            return artifacts.SCHEME + key
        return f"{artifacts.SCHEME}{artifacts.REGISTERED}/{name}/{version}"

    def location(self, work: Work, workspace: Space, name: str, version: str) -> tuple[str, str]:
        """Container and key of a version's files.

        Raises:
            DoesNotExist: They stand outside the workspace's own store.
        """
        found = self.find_version(work, workspace, name, version)
        location = self._assets.location(work, workspace, found)
        if location is None:
            raise DoesNotExist(
                f"The files of model {name!r} version {version} are at {found.path}, not here. Read them there."
            )
        return location

    def _path(self, work: Work, workspace: Space, source: str) -> tuple[str, str]:
        """A source in the platform's spelling, with the run it belongs to."""
        limits.check_text("source", source, 2000)
        scheme = urlsplit(source).scheme.lower()
        if scheme == "runs":
            run_id, _, rest = source.removeprefix("runs:").lstrip("/").partition("/")
            run = self._runs.find_readable(work, workspace, run_id)
            kept = self._models.key_of_run(work, workspace, run_id, artifacts.normal(rest))
            if kept is not None:
                return _STORE + kept, run_id
            return self._own(work, workspace, artifacts.join(_key(run.artifact_uri), artifacts.normal(rest)))
        if scheme == "models":
            model_id, _, rest = source.removeprefix("models:").lstrip("/").partition("/")
            model = self._models.find(work, workspace, model_id)
            path, _ = self._own(work, workspace, artifacts.join(_key(model.artifact_uri), artifacts.normal(rest)))
            return path, model.source_run_id or ""
        if scheme == "mlflow-artifacts":
            return self._own(work, workspace, artifacts.key_of(source) or "")
        if scheme in {"", "file"} or len(scheme) == 1:
            raise InvalidParameter(
                f"Invalid model version source: {source[:200]!r} is a folder of one machine. Log the model to a run "
                "first and register runs:/<run id>/<path>, or register the folder with `smalt model create --path`."
            )
        if work.actor.grant is not None:
            raise NotYours(
                f"The token of job {work.actor.grant.job!r} registers models of its own run only. Log the model there."
            )
        if ".." in urlsplit(source).path.split("/"):
            raise InvalidParameter(
                f"Invalid model version source: {source[:200]!r} must not hold '..'. Name a path without."
            )
        return source, ""

    def _own(self, work: Work, workspace: Space, key: str) -> tuple[str, str]:
        owner = artifacts.owner_of(key)
        if owner is None:
            if work.actor.grant is not None or not key:
                raise NotYours(f"Nothing that this token may register stands at {key!r}. Log the model in this run.")
            return _STORE + key, ""
        kind, name = owner
        if kind == artifacts.RUNS:
            self._runs.find_readable(work, workspace, name)
            return _STORE + key, name
        return _STORE + key, self._models.find(work, workspace, name).source_run_id or ""

    def _of_person(self, work: Work, workspace: Space, name: str) -> Registered:
        if work.actor.grant is not None:
            raise NotYours(
                f"The token of job {work.actor.grant.job!r} may register versions, not change models. Use a person's."
            )
        return self.find(work, workspace, name)

    def _writable(self, work: Work, workspace: Space, name: str, version: str) -> Version:
        found = self.find_version(work, workspace, name, version)
        if work.actor.grant is not None:
            self._runs.find(work, workspace, found.run_id)
        return found


def _key(uri: str) -> str:
    key = artifacts.key_of(uri)
    if key is None:
        raise InvalidParameter(f"The artifacts stand at {uri}, outside this server; register that URL itself.")
    return key


def _check_name(name: str) -> None:
    if not name:
        raise InvalidParameter("Registered model name cannot be empty. Send one.")
    limits.check_text("name", name, 255)
    if any(char in name for char in "/:\\"):
        raise InvalidParameter(f"Invalid model name: '{name}'. It must not hold '/', ':' or '\\'.")


def _check_tags(tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        limits.check_key(key)
        limits.check_text("value", value, limits.REGISTRY_TAG_LENGTH)


def _stage(stage: str) -> str:
    found = STAGES.get(stage.lower())
    if found is None:
        raise InvalidParameter(
            f"Invalid Model Version stage: {stage[:60]}. Value must be one of {list(STAGES.values())}."
        )
    return found


def _order(version: Version) -> tuple[int, int, str]:
    number = version.version
    return (int(number) if number.isascii() and number.isdigit() else -1, version.created_at, number)


def _facts(version: Version) -> dict[str, object]:
    return {
        "name": version.name,
        "run_id": version.run_id or None,
        "source_path": version.source or version.path,
        "version_number": _order(version)[0],
    }


def _model_attribute(model: Registered, key: str) -> object:
    return {"name": model.name, "creation_timestamp": model.created_at, "last_updated_timestamp": model.updated_at}[key]


def _version_attribute(version: Version, key: str) -> object:
    facts = {"creation_timestamp": version.created_at, "last_updated_timestamp": version.updated_at}
    return facts[key] if key in facts else _facts(version)[key]
