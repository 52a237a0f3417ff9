"""The client that notebooks and scripts of prompt flow use: `PFClient`, over the runs of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest
from smalt.flows import batch, load, trial
from smalt.flows.batch import Run, RunStore
from smalt.flows.batch.logs import captured
from smalt.flows.connections import Connection, ConnectionProvider, LocalConnections

Values = Mapping[str, Any]  # Any: values of flows
Source = str | Path | Callable[..., Any]  # Any: a flow that is a function


class PFClient:
    """Try flows, run them in batches, look at what they answered.

    Args:
        connection_provider: Where connections come from: `local`, or an object with `get(name)`.
        settings: What else prompt flow takes, e.g. `config` and `credential`; nothing here needs it.
    """

    def __init__(self, connection_provider: Any = None, **settings: Any) -> None:  # Any: as callers pass them
        self._provider: ConnectionProvider | None = connection_provider if hasattr(connection_provider, "get") else None
        self._store = RunStore()
        self.runs = RunOperations(self._store, self._provider)
        self.flows = FlowOperations(self._provider)
        self.connections = ConnectionOperations()
        self.tools = ToolOperations()
        self.traces = TraceOperations()

    @property
    def _experiments(self) -> Any:  # Any: an ExperimentOperations, imported where it is used
        """Experiments over several flows; prompt flow's own name for them."""
        from smalt.flows.experiments import ExperimentOperations

        return ExperimentOperations(self._provider)

    def test(
        self,
        flow: Source,
        *,
        inputs: Values | str | Path | None = None,
        variant: str | None = None,
        node: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        init: Values | None = None,
        experiment: str | Path | None = None,
        **_: object,
    ) -> Any:  # Any: as the flow answers
        """Run a flow, or one node, once; or with what else its experiment has.

        Raises:
            UserErrorException: It failed; the message begins with the class of the failure.
        """
        return self.flows.test(
            flow, inputs=inputs, variant=variant, node=node, environment_variables=environment_variables, init=init,
            experiment=experiment,
        )  # fmt: skip

    def run(
        self,
        flow: Source | None = None,
        *,
        data: str | Path | None = None,
        run: str | Run | None = None,
        column_mapping: Values | None = None,
        variant: str | None = None,
        connections: Mapping[str, Mapping[str, Any]] | None = None,  # Any: settings of nodes
        environment_variables: Any = None,  # Any: a mapping, or the path of a .env file
        name: str | None = None,
        display_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume_from: str | Run | None = None,
        code: str | Path | None = None,
        init: Values | None = None,
        stream: bool = False,
        **more: Any,  # Any: description, and what the cloud takes
    ) -> Run:
        """Run a flow over many lines, and wait for it."""
        if resume_from is not None:
            made = batch.resumed(self._store, _name(resume_from), new_name=name)
            return self.runs.execute(made, stream=stream)
        function = flow if callable(flow) else None
        source: str | Path | None = None if callable(flow) else flow
        if function is not None:
            source = f"{function.__module__}:{getattr(function, '__qualname__', type(function).__qualname__)}"
        if code is not None and isinstance(source, str) and ":" in source:
            import smalt.flows.gallery as gallery

            source = gallery.save(source, Path(code), None).parent
        made = batch.create(
            self._store, source, data=data, run=None if run is None else _name(run), name=name, variant=variant,
            column_mapping=column_mapping, connections=connections, environment_variables=environment_variables,
            init=init, display_name=display_name, tags=tags, description=more.get("description"),
            output_path=more.get("output_path"),
        )  # fmt: skip
        return self.runs.execute(made, stream=stream, source=function)

    def stream(self, run: str | Run, raise_on_error: bool = True) -> Run:
        """Print the log of a run, and how it ended."""
        return self.runs.stream(run, raise_on_error=raise_on_error)

    def get_details(self, run: str | Run, max_results: int = 100, all_results: bool = False) -> Any:
        """Inputs and outputs of each line, as a data frame."""
        return self.runs.get_details(run, max_results=max_results, all_results=all_results)

    def get_metrics(self, run: str | Run) -> dict[str, Any]:  # Any: numbers
        """The metrics of a run."""
        return self.runs.get_metrics(run)

    def visualize(self, runs: Any, **options: Any) -> Path:  # Any: one or several runs
        """Write a page that compares runs."""
        return self.runs.visualize(runs, **options)


class RunOperations:
    """The runs of this machine."""

    def __init__(self, store: RunStore, provider: ConnectionProvider | None) -> None:
        self._store = store
        self._provider = provider

    def execute(self, run: Run, *, stream: bool = False, source: Callable[..., Any] | None = None) -> Run:
        """Run what is missing of a run."""
        listener = print if stream else None
        return batch.execute(run, self._store, connections=self._provider, source=source, listener=listener)

    def create_or_update(self, run: Run, **options: Any) -> Run:  # Any: stream, and what the cloud takes
        """Run a run that `load_run` read."""
        self._store.add(run)
        return self.execute(run, stream=bool(options.get("stream")))

    def list(self, max_results: int | None = 50, *, list_view_type: Any = "ActiveOnly", **_: object) -> list[Run]:
        """Runs, the newest first."""
        view = str(getattr(list_view_type, "value", list_view_type))
        archived = {"All": None, "ArchivedOnly": True}.get(view, False)
        return self._store.list(max_results=max_results, archived=archived)

    def get(self, name: str) -> Run:
        """A run."""
        return self._store.get(name)

    def stream(self, name: str | Run, raise_on_error: bool = True) -> Run:
        """Print the log of a run, and how it ended.

        Raises:
            InvalidRequest: It failed, and `raise_on_error` is set.
        """
        run = self._store.get(_name(name))
        print(run.folder.logs.read_text(encoding="utf-8") if run.folder.logs.exists() else "")
        print(
            f'======= Run Summary =======\n\nRun name: "{run.name}"\nRun status: "{run.status}"\n'
            f'Start time: "{run.start_time}"\nDuration: "{run.duration_seconds}"\nOutput path: "{run.output_path}"\n'
        )
        if run.status == "Failed" and raise_on_error:
            raise InvalidRequest(f"Run {run.name!r} failed. {(run.error or {}).get('message', '')}")
        return run

    def update(
        self,
        name: str | Run,
        display_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        **_: object,
    ) -> Run:
        """Change what a run is called."""
        run = self._store.get(_name(name))
        run.display_name = display_name or run.display_name
        run.description = description or run.description
        run.tags = dict(tags) if tags is not None else run.tags
        self._store.save(run)
        return run

    def archive(self, name: str | Run) -> Run:
        """Hide it from lists."""
        return self._archived(name, is_archived=True)

    def restore(self, name: str | Run) -> Run:
        """Show it in lists again."""
        return self._archived(name, is_archived=False)

    def _archived(self, name: str | Run, *, is_archived: bool) -> Run:
        run = self._store.get(_name(name))
        run.is_archived = is_archived
        self._store.save(run)
        return run

    def delete(self, name: str) -> None:
        """Forget it and remove its files."""
        self._store.delete(name)

    def get_details(self, name: str | Run, max_results: int = 100, all_results: bool = False) -> Any:
        """Inputs and outputs of each line: a data frame where pandas is installed, rows otherwise."""
        run = self._store.get(_name(name))
        return batch.frame(batch.columns(run, max_results=None if all_results else max_results))

    def get_metrics(self, name: str | Run) -> dict[str, Any]:  # Any: numbers
        """The metrics of a run."""
        return self._store.get(_name(name)).folder.metrics()

    def visualize(self, runs: Any, html_path: str | Path | None = None, **_: object) -> Path:  # Any: one or several
        """Write a page that compares runs."""
        from smalt.flows.batch import report

        many = runs if isinstance(runs, list | tuple) else [runs]
        found = [self._store.get(_name(each)) for each in many]
        return report.write(found, None if html_path is None else Path(html_path))


class FlowOperations:
    """Flows as files."""

    def __init__(self, provider: ConnectionProvider | None) -> None:
        self._provider = provider

    def test(
        self,
        flow: Source,
        *,
        inputs: Values | str | Path | None = None,
        variant: str | None = None,
        node: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        init: Values | None = None,
        experiment: str | Path | None = None,
        output_path: str | Path | None = None,
        **_: object,
    ) -> Any:  # Any: as the flow answers
        """As `PFClient.test`."""
        given = json.loads(Path(inputs).read_text(encoding="utf-8")) if isinstance(inputs, str | Path) else inputs
        if experiment is not None:
            from smalt.flows.experiments import ExperimentOperations

            assert isinstance(flow, str | Path), "a flow of an experiment has files"
            return ExperimentOperations(self._provider).test(
                experiment, given, flow=flow, environment_variables=environment_variables, output_path=output_path
            )
        loaded = load(
            flow, variant=variant, connections=self._provider, init=init,
            environment_variables=environment_variables, only_node=node,
        )  # fmt: skip
        try:
            with captured():
                tried = trial.try_node(loaded, node, given or {}) if node else trial.try_flow(loaded, given)
        finally:
            loaded.close()
        if loaded.source is not None:
            prefix = f"flow-{node}.node" if node else f"flow-{variant.strip('${}')}" if variant else "flow"
            trial.write_files(tried, loaded.source.parent, prefix=prefix)
        return trial.answer(loaded, tried.raise_for_error().output)

    def validate(self, flow: str | Path, *, raise_error: bool = False, **_: object) -> Any:  # Any: a Report
        """Check a flow without running it."""
        import smalt.flows.loading.checking as checking

        report = checking.check(flow)
        if raise_error and report.problems:
            raise InvalidRequest(report.problems[0].message)
        return report

    def save(self, entry: str, code: str | Path | None = None, path: str | Path | None = None, **_: object) -> None:
        """Save a function or class as a flow."""
        import smalt.flows.gallery as gallery

        gallery.save(entry, Path(code or "."), None if path is None else Path(path))

    def build(self, flow: str | Path, *, output: str | Path, format: str = "docker", **options: Any) -> None:  # noqa: A002
        """Write a flow with all it needs."""
        import smalt.flows.serving.packing as packing

        form = "docker" if format == "docker" else "standalone"
        packing.pack(flow, Path(output), form=form, variant=options.get("variant"))


class ConnectionOperations:
    """The connections of this machine."""

    def create_or_update(self, connection: Connection, **_: object) -> Connection:
        """Keep a connection; secrets that only say stars stay as they are."""
        return LocalConnections().put(connection)

    def get(self, name: str, *, with_secrets: bool = True, **_: object) -> Connection:
        """A connection."""
        return LocalConnections().get(name)

    def list(self, max_results: int | None = 50, all_results: bool = False) -> list[Connection]:
        """All of them."""
        found = LocalConnections().list()
        return found if all_results else found[:max_results]

    def delete(self, name: str) -> None:
        """Forget one."""
        LocalConnections().delete(name)


class ToolOperations:
    """Tools of packages and flows."""

    def list(self, flow: str | Path | None = None) -> dict[str, Any]:  # Any: YAML of tools
        """All of them."""
        import smalt.flows.loading.checking as checking

        return checking.tools(None if flow is None else str(flow))

    def validate(self, source: Any, *, raise_error: bool = False, **_: object) -> Sequence[str]:  # Any: file or package
        """What is wrong with the tools of a file or package."""
        import smalt.flows.loading.checking as checking

        problems = checking.check_tools(str(source))
        if raise_error and problems:
            raise InvalidRequest(problems[0])
        return problems


class TraceOperations:
    """Traces: they are kept by the workspace they are sent to."""

    def delete(self, **_: object) -> None:
        """Nothing is kept on this machine."""


def load_run(source: str | Path, **overrides: Any) -> Run:  # Any: fields of a run
    """Read a run file; `PFClient().runs.create_or_update` runs it."""
    from smalt.flows.batch import submit

    found, _ = batch.read_file(source)
    return submit.described(RunStore(), **(found | {key: value for key, value in overrides.items() if value}))


def _name(run: str | Run) -> str:
    return run if isinstance(run, str) else run.name
