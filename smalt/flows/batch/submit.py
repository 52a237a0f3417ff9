"""How runs are made: from arguments or a run file, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, NotFound
from smalt.flows import configuration, loading
from smalt.flows.batch import mapping
from smalt.flows.batch.errors import InvalidRunError
from smalt.flows.batch.run import Run, RunStatus, RunStore, RunType
from smalt.flows.connections import read_env
from smalt.kit import yaml

_FILE_KEYS = frozenset(
    "name flow data run column_mapping variant connections environment_variables init display_name description tags "
    "resume_from code".split()
)
_CLOUD_KEYS = frozenset("$schema runtime resources identity type".split())
_MACRO = re.compile(r"\$\{(variant_id|run|timestamp)\}")


def create(store: RunStore, flow: str | Path | None, **asked: Any) -> Run:  # Any: those of `described`
    """Record a run of a flow; `execute` runs it.

    Raises:
        InvalidRunError: Neither data nor a run is given, or the flow is not.
        NotFound: The data, or the run whose outputs are asked for, does not exist.
        RunExistsError: There is a run of that name.
    """
    run = described(store, flow, **asked)
    store.add(run)
    return run


def described(
    store: RunStore,
    flow: str | Path | None = None,
    *,
    data: str | Path | None = None,
    run: str | None = None,
    name: str | None = None,
    column_mapping: Mapping[str, Any] | None = None,  # Any: literals
    variant: str | None = None,
    connections: Mapping[str, Mapping[str, Any]] | None = None,  # Any: settings of nodes
    environment_variables: Mapping[str, Any] | str | Path | None = None,  # Any: turned into text
    init: Mapping[str, Any] | None = None,  # Any: arguments of classes
    display_name: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    output_path: str | Path | None = None,
    node: str | None = None,
    sources: Mapping[str, str] | None = None,
    experiment: str | None = None,
    type: RunType = RunType.BATCH,  # noqa: A002 - the word of the run
) -> Run:
    """A run of a flow as it would be recorded.

    Raises:
        InvalidRunError: Neither data nor a run is given, or the flow is not.
        NotFound: The data, or the run whose outputs are asked for, does not exist.
    """
    if flow is None:
        raise InvalidRunError("A run needs a flow. Give --flow, or flow: in the run file.")
    if data is None and run is None and not sources:
        raise InvalidRunError("A run needs data. Give --data, or --run for the outputs of another run.")
    if data is not None and not Path(data).expanduser().exists():
        raise NotFound(f"There is no data at {str(data)!r}. Check the path.")
    mapping.check(column_mapping or {})
    if run is not None:
        store.get(run)
    path = _flow_path(flow)
    made = name or _generated_name(path, variant)
    created = Run(
        name=made,
        flow=path,
        output_path=str(store.folder_of(made, parent=_output_parent(output_path, path))),
        data=None if data is None else str(Path(data).expanduser().absolute()),
        run=run,
        column_mapping=dict(column_mapping or {}),
        variant=variant,
        connections={key: dict(value) for key, value in (connections or {}).items()},
        environment_variables=variables(environment_variables),
        init=dict(init or {}),
        description=description,
        tags={key: str(value) for key, value in (tags or {}).items()},
        node=node,
        sources=dict(sources or {}),
        experiment=experiment,
        type=type,
    )
    created.display_name = _filled(display_name, created) if display_name else made
    return created


def resumed(store: RunStore, name: str, *, new_name: str | None = None, **changes: Any) -> Run:  # Any: fields of Run
    """A new run that takes the completed lines of another and runs the rest.

    Raises:
        InvalidRunError: That run has no failed line.
    """
    before = store.get(name)
    if before.status is RunStatus.COMPLETED and not before.failed_lines:
        raise InvalidRunError(f"Run {name!r} has no failed lines. There is nothing to resume.")
    made = new_name or _generated_name(before.flow, before.variant)
    parent = Path(before.output_path).parent
    run = replace(
        before,
        name=made,
        output_path=str(store.folder_of(made, parent=parent)),
        resume_from=name,
        status=RunStatus.NOT_STARTED,
        created_on="",
        start_time=None,
        end_time=None,
        completed_lines=0,
        failed_lines=0,
        system_metrics={},
        error=None,
        display_name=changes.pop("display_name", None) or made,
        **{key: value for key, value in changes.items() if value},
    )
    store.add(run)
    return run


def again(store: RunStore, name: str) -> Run:
    """The same run, to be gone on with: its failed and missing lines are run, the completed ones stay.

    Raises:
        InvalidRunError: It has completed without a failed line, or is running.
    """
    run = store.get(name)
    if run.status is RunStatus.RUNNING:
        raise InvalidRunError(f"Run {name!r} is running. There is nothing to resume.")
    if run.type is not RunType.BATCH:
        raise InvalidRunError(
            f"Run {name!r} is a {run.type} of experiment {run.experiment!r}. Go on with the whole of it: "
            f"smalt experiment start --name {run.experiment}."
        )
    if run.status is RunStatus.COMPLETED and not run.failed_lines:
        raise InvalidRunError(f"Run {name!r} has no failed lines. There is nothing to resume.")
    run.completed_lines = run.failed_lines = 0
    return run


def read_file(path: str | Path) -> tuple[dict[str, Any], list[str]]:  # Any: YAML
    """The arguments in a run file, paths taken from its folder, and what it says that nobody reads.

    Raises:
        InvalidRequest: It is no mapping, or not YAML.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"There is no run file {str(path)!r}. Check the path.")
    try:
        document = yaml.load(file.read_text(encoding="utf-8-sig"), source=str(file))
    except yaml.YamlError as error:
        raise InvalidRequest(str(error)) from None
    if not isinstance(document, dict):
        raise InvalidRequest(f"{file} does not describe a run. Write flow, data and column_mapping.")
    unread = [str(key) for key in document if key not in _FILE_KEYS | _CLOUD_KEYS]
    found = {key: value for key, value in document.items() if key in _FILE_KEYS and value is not None}
    for key in ("flow", "data"):
        if isinstance(found.get(key), str):
            found[key] = _from_folder(found[key], file.parent, is_flow=key == "flow")
    if isinstance(found.get("environment_variables"), str):
        found["environment_variables"] = str(file.parent / found["environment_variables"])
    found.pop("code", None)
    return found, unread


def variables(given: Mapping[str, Any] | str | Path | None) -> dict[str, str]:  # Any: turned into text
    """Environment variables: a mapping, or the path of a `.env` file."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    file = Path(given)
    if not file.is_file():
        raise NotFound(f"There is no file {str(given)!r} with environment variables. Check the path.")
    return read_env(file)


def _from_folder(text: str, folder: Path, *, is_flow: bool) -> str:
    if is_flow and ":" in text and not (folder / text).exists():
        return text  # an entry, module:function
    if text.startswith("azureml:"):
        return text  # a data asset, which the caller fetches
    return str((folder / text).absolute())


def _flow_path(flow: str | Path) -> str:
    found = loading.find(flow if isinstance(flow, str) else Path(flow))
    if found is None:
        return str(flow)
    path = Path(flow).absolute()
    return str(path)


def _generated_name(flow: str, variant: str | None) -> str:
    path = Path(flow)
    is_dag = True
    if path.exists():
        file = loading.find(path)
        assert file is not None
        base = file.stem if file.suffix == ".prompty" else file.parent.name
        is_dag = file.suffix != ".prompty" and "entry" not in loading.read(file)
    else:
        base, is_dag = flow.replace(":", "_").replace(".", "_"), False
    words = [re.sub(r"[^A-Za-z0-9_-]", "_", base) or "flow"]
    if is_dag:
        words.append(variant.strip("${}").split(".")[-1] if variant else "variant_0")
    return "_".join([*words, f"{datetime.now():%Y%m%d_%H%M%S_%f}"])


def _output_parent(given: str | Path | None, flow: str) -> Path | None:
    text = str(given) if given is not None else configuration.read().get("run.output_path")
    if not text:
        return None
    folder = Path(flow)
    home = folder if folder.is_dir() else folder.parent
    return Path(str(text).replace("${flow_directory}", str(home))).expanduser().absolute()


def _filled(text: str, run: Run) -> str:
    values = {
        "variant_id": (run.variant or "variant_0").strip("${}").split(".")[-1],
        "run": run.run or "",
        "timestamp": f"{datetime.now():%Y%m%d%H%M}",
    }
    return _MACRO.sub(lambda match: values[match[1]], text)


def adopted(store: RunStore, folder: Path, *, name: str | None = None, display_name: str | None = None) -> Run:
    """Record a run whose folder exists already, e.g. one that another machine made.

    Raises:
        NotFound: The folder is none of a run.
    """
    path = folder.expanduser().absolute()
    if not (path / "flow_artifacts").is_dir():
        raise NotFound(f"{folder} is no folder of a run: it has no flow_artifacts. Give the folder of a run.")
    run = Run(name=name or path.name, flow=str(path / "snapshot"), output_path=str(path))
    lines = run.folder.lines().values()
    run.lines = len(lines)
    run.completed_lines = sum(each["status"] == RunStatus.COMPLETED for each in lines)
    run.failed_lines = run.lines - run.completed_lines
    run.status = RunStatus.COMPLETED if run.completed_lines else RunStatus.FAILED
    run.error = run.folder.error()
    run.display_name = display_name or run.name
    moments = sorted(each[key] for each in lines for key in ("start_time", "end_time") if each.get(key))
    run.start_time, run.end_time = (moments[0], moments[-1]) if moments else (None, None)
    store.add(run)
    return run
