"""Reads a YAML file and the files it names, to one entity: component files become documents with absolute paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from smalt.entities.base import Entity
from smalt.entities.component import Component
from smalt.entities.job.base import Job
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.sweep import SweepJob
from smalt.entities.job.trial import with_component
from smalt.entities.warned import Warned
from smalt.errors import InvalidRequest, NotFound, SmaltError, ValidationFailed
from smalt.sdk.anchor import JsonObject, anchored, environment_document, is_file, is_local, path_in
from smalt.sdk.pipelines import check, flow_file
from smalt.sdk.pipelines.asked import Ask, not_told, places_in
from smalt.wire.yaml import Loaded, load_document, load_entity, refusal, resolve_local

_DEEPEST = 20
_PLACE = re.compile(r"(.+?):(\d+): ")
_INCLUDES = ".additional_includes"


@dataclass
class Found:
    """An entity that means the same from any folder, its file, and what was doubtful in its files."""

    entity: Any  # Any: of the class of its kind
    loaded: Loaded
    warnings: list[Warned] = field(default_factory=list)


def read(
    kind: str,
    source: Path | str,
    *,
    overrides: Sequence[str] = (),
    base_dir: Path | None = None,
    name: str = "",
    ask: Ask | None = None,
) -> Found:
    """Read an entity from a YAML file (a `Path`) or from YAML text (a `str`), with everything it names by file.

    Args:
        kind: See `load_entity`.
        source: The file, or the text.
        overrides: `--set` values.
        base_dir: What relative paths are relative to; by default the folder of the file.
        name: The file that text was read from, beside which includes are looked for.
        ask: Asks the server about a pipeline with mistakes, so that what only the server knows is told with them.

    Raises:
        ValidationFailed: Mistakes of all files, each with its file and line.
    """
    loaded = load_entity(kind, source, overrides=overrides, base_dir=base_dir)
    entity, folder = loaded.entity, loaded.base_dir
    files = Files(ask)
    files.warnings.extend(loaded.warnings)
    if isinstance(entity, PipelineJob):
        entity = files.pipeline(entity, loaded)
    elif isinstance(entity, Component):
        spec = source if isinstance(source, Path) else Path(name) if name else None
        document = files.component(entity, loaded, spec)
        files.ask_server(document, loaded, "component")
        entity = Component.parse(document)
    elif kind == "schedule":
        entity = files.schedule(entity, loaded)
    elif kind == "batch_deployment":
        entity = files.batch_deployment(anchored(entity, folder), loaded)
    else:
        entity = anchored(entity, folder)
    if isinstance(entity, SweepJob) and isinstance(entity.trial, str) and is_local(entity.trial):
        component = files.component_of(loaded, entity.trial, "trial")
        entity = entity if component is None else with_component(entity, Component.parse(component))
    if files.mistakes:
        raise refusal(loaded.located.source, sorted(files.mistakes, key=_file_and_line))
    return Found(entity, loaded, files.warnings)


class Files:
    """Reads component files, each once, and collects the mistakes of all of them.

    Args:
        ask: See `read`.
    """

    def __init__(self, ask: Ask | None = None) -> None:
        self._ask = ask
        self.mistakes: list[SmaltError] = []
        self.warnings: list[Warned] = []
        self._read: dict[Path, JsonObject | None] = {}
        self._open: list[Path] = []
        self._wrong: set[Path] = set()
        self._apart: set[str] = set()

    def pipeline(self, job: PipelineJob, loaded: Loaded) -> PipelineJob:
        """A pipeline job with the documents of its components in place of their files."""
        folder = loaded.base_dir
        job = anchored(job, folder)
        if isinstance(job.component, str) and is_file(job.component):
            body = self.component_of(loaded, job.component, "component")
            job = _with_body(job, body) if body is not None else job.model_copy(update={"component": None})
        steps = self._steps(job.document().get("jobs", {}), loaded)
        job = PipelineJob.parse(job.document() | {"jobs": steps})
        self._note(loaded, check.job(job))
        self.mistakes.extend(loaded.placed(absent(job.document())))
        self.ask_server(job.document(), loaded, "job")
        return job

    def ask_server(self, document: JsonObject, loaded: Loaded, kind: str) -> None:
        """Add what the server finds wrong with a pipeline, where there are mistakes already."""
        if self._ask is None or not self.mistakes or not document.get("jobs"):
            return
        within = f"{loaded.within}." if loaded.within else ""
        told = [place.removeprefix(within) for place in places_in(loaded.located.source, self.mistakes)]
        self.mistakes.extend(loaded.placed(not_told(self._ask(document, kind), document, told, self._apart)))

    def schedule(self, schedule: Any, loaded: Loaded) -> Any:  # Any: a schedule of any kind, and the same one back
        """A schedule with the job of its file in place of the name of the file."""
        given = getattr(schedule, "create_job", None)
        if isinstance(given, PipelineJob):
            job: Any = self.pipeline(given, replace(loaded, within="create_job"))
        elif isinstance(given, Job):
            job = anchored(given, loaded.base_dir)
        else:
            # A reference with changes is a mapping whose `job` is the reference.
            text = getattr(given, "job", given)
            if not isinstance(text, str) or not is_local(text):
                return schedule
            changes = given.document() if isinstance(given, Entity) else {}
            leaves = (leaf for leaf in _leaves(changes) if leaf[0] != "job")
            overrides = [f"{path}={json.dumps(value)}" for path, value in leaves]
            found = read("job", resolve_local(loaded.base_dir, text), overrides=overrides)
            self.warnings.extend(found.warnings)
            job = found.entity
        return schedule.model_copy(update={"create_job": job})

    def batch_deployment(self, deployment: Any, loaded: Loaded) -> Any:  # Any: of any type, and the same one back
        """A batch deployment with the component of its file in place of the name of the file."""
        named = getattr(deployment, "component", None)
        if isinstance(named, str) and is_file(named):
            body = self.component_of(loaded, named, "component")
            return deployment.model_copy(update={"component": None if body is None else Component.parse(body)})
        return deployment

    def component(self, component: Component, loaded: Loaded, spec: Path | None) -> JsonObject:
        """The document of a component with absolute paths."""
        document = self._anchored(component.document(), loaded, spec)
        self._note(loaded, check.component(document))
        self.mistakes.extend(loaded.placed(absent(document)))
        return document

    def _note(self, loaded: Loaded, problems: check.Problems) -> None:
        self.mistakes.extend(loaded.placed(problems.mistakes))
        self.warnings.extend(loaded.doubt(path, message) for path, message in problems.doubts)

    def _anchored(self, document: JsonObject, loaded: Loaded, spec: Path | None) -> JsonObject:
        folder = loaded.base_dir
        changes: JsonObject = {}
        if "code" in document:
            changes["code"] = path_in(folder, document["code"])
        if "environment" in document:
            changes["environment"] = environment_document(document["environment"], folder)
        if isinstance(document.get("task"), dict):
            changes["task"] = self._anchored(document["task"], loaded, None)
        includes = _includes(document, spec)
        if includes:
            changes["additional_includes"] = [str(resolve_local(folder, each)) for each in includes]
        if isinstance(document.get("jobs"), dict):
            jobs = PipelineJob.parse({"type": "pipeline", "jobs": document["jobs"]}).document()["jobs"]
            changes["jobs"] = self._steps(jobs, loaded)
        return document | changes

    def _steps(self, steps: JsonObject, loaded: Loaded) -> JsonObject:
        return {name: self._step(name, step, loaded) for name, step in steps.items()}

    def _step(self, name: str, step: JsonObject, loaded: Loaded) -> JsonObject:
        step = self._anchored(step, loaded, None)
        flow = flow_file.as_step(step, loaded.base_dir)
        if flow is not None:
            return {key: value for key, value in flow.items() if value is not None}
        for key in ("component", "trial"):
            named = step.get(key)
            if isinstance(named, str) and is_file(named):
                step[key] = self.component_of(loaded, named, f"jobs.{name}.{key}")
                if resolve_local(loaded.base_dir, named) in self._wrong:
                    self._apart.add(f"jobs.{name}")
                if step[key] is None:
                    del step[key]
            elif isinstance(named, dict):
                step[key] = self._anchored(named, loaded, None)
        known = step.get("component") or step.get("trial")
        ports = known.get("inputs", {}) if isinstance(known, dict) else {}
        inputs = {key: _step_input(value, ports.get(key), loaded.base_dir)
                  for key, value in step.get("inputs", {}).items()}  # fmt: skip
        data = {key: value | {"path": path_in(loaded.base_dir, value["path"])} for key, value in step.items()
                if key.endswith("_data") and isinstance(value, dict) and "path" in value}  # fmt: skip
        return {key: value for key, value in (step | data | {"inputs": inputs}).items() if value is not None}

    def component_of(self, loaded: Loaded, text: str, place: str) -> JsonObject | None:
        """The document of a component's file, or None when it has mistakes."""
        path = resolve_local(loaded.base_dir, text)
        if path in self._open or len(self._open) >= _DEEPEST:
            told = f"{text!r} leads back to itself, or is more than {_DEEPEST} files deep. A component cannot be a step of itself."  # noqa: E501 - one sentence
            self.mistakes.extend(loaded.placed([InvalidRequest(told, target=place)]))
            return None
        if path not in self._read:
            self._read[path] = self._component_file(path, loaded, text, place)
        return self._read[path]

    def _component_file(self, path: Path, loaded: Loaded, text: str, place: str) -> JsonObject | None:
        self._open.append(path)
        before = len(self.mistakes)
        try:
            found = load_entity("component", path)
        except NotFound:
            told = f"There is no file {str(path)!r}. {text!r} is relative to the file that names it."
            self.mistakes.extend(loaded.placed([InvalidRequest(told, target=place)]))
            return None
        except ValidationFailed as error:
            self.mistakes.extend(error.details)
            return None
        except InvalidRequest as error:
            self.mistakes.append(error)
            return None
        else:
            self.warnings.extend(found.warnings)
            assert isinstance(found.entity, Component)
            return self.component(found.entity, found, path) | {"_source": "YAML.COMPONENT"}
        finally:
            self._open.pop()
            if len(self.mistakes) > before:
                self._wrong.add(path)


def _file_and_line(mistake: SmaltError) -> tuple[str, int]:
    found = _PLACE.match(mistake.message)
    return (found[1], int(found[2])) if found else ("", 0)


def _leaves(changes: JsonObject, prefix: str = "") -> Iterator[tuple[str, Any]]:  # Any: values of YAML
    """The values of nested mappings, each with its dotted path."""
    for key, value in changes.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def absent(document: JsonObject) -> list[InvalidRequest]:
    """What a pipeline or a component names on this machine and is not there."""
    found: list[InvalidRequest] = []
    for place, text in check.local_paths(document):
        path = Path(text.removeprefix("file:")).expanduser()
        is_packed = path.suffix == ".zip" and path.with_suffix("").is_dir()
        if check.is_here(text) and not path.exists() and not is_packed:
            found.append(InvalidRequest(f"{path} does not exist. A relative path starts at its file.", target=place))
    return found


def _with_body(job: PipelineJob, body: JsonObject) -> PipelineJob:
    """A pipeline job that names a file: the steps are those of the file, and its defaults fill what is not given."""
    defaults = {
        name: port["default"] for name, port in body.get("inputs", {}).items() if port.get("default") is not None
    }
    outputs = {name: {key: port[key] for key in ("type", "mode") if port.get(key)}
               for name, port in body.get("outputs", {}).items()}  # fmt: skip
    document = job.document()
    taken = {key: body[key] for key in ("description", "display_name") if key in body and key not in document}
    return PipelineJob.parse(
        document
        | taken
        | {
            "component": None,
            "jobs": body.get("jobs", {}),
            "inputs": defaults | document.get("inputs", {}),
            "outputs": outputs | {key: value for key, value in document.get("outputs", {}).items() if value},
        }
    )


def _includes(document: JsonObject, spec: Path | None) -> list[str]:
    """What is merged into the code: the list of the component, or of the file beside it."""
    given = document.get("additional_includes")
    if isinstance(given, list):
        return [each for each in given if isinstance(each, str)]
    beside = spec.with_suffix(_INCLUDES) if spec is not None else None
    if beside is None or not beside.is_file():
        return []
    text = beside.read_text(encoding="utf-8-sig")
    listed: Any = load_document(beside).value if text.lstrip().startswith("additional_includes") else None
    if isinstance(listed, dict):
        return [each for each in listed.get("additional_includes") or [] if isinstance(each, str)]
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _step_input(value: Any, port: JsonObject | None, folder: Path) -> Any:  # Any: a value of YAML
    """A step's input with an absolute path; for a data port plain text is a path."""
    if isinstance(value, dict):
        path = value.get("path")
        return value | {"path": path_in(folder, path)} if isinstance(path, str) else value
    if port is None or not isinstance(value, str) or "${{" in value or not check.is_data(port):
        return value
    return {"type": port["type"], "path": path_in(folder, value)}
