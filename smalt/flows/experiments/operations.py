"""What is done with experiments: the operations behind `smalt experiment`, `pf experiment` and `PFClient`."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smalt.errors import SmaltError
from smalt.flows.batch import RunStore
from smalt.flows.connections import ConnectionProvider
from smalt.flows.experiments import template as templates
from smalt.flows.experiments.errors import ExperimentStatusError, ExperimentValueError
from smalt.flows.experiments.experiment import Experiment, ExperimentStatus, ExperimentStore
from smalt.flows.experiments.running import Work, chosen
from smalt.flows.experiments.trying import Try

DETACHED = (sys.executable, "-P", "-m", "smalt.flows.experiments.process")
Values = Mapping[str, Any]  # Any: values of inputs, or paths of data


class ExperimentOperations:
    """The experiments of this machine.

    Args:
        provider: Where connections of flows come from; those of this machine otherwise.
        program: What works on an experiment in the background, given its name and nodes.
    """

    def __init__(self, provider: ConnectionProvider | None = None, *, program: Sequence[str] = DETACHED) -> None:
        self._provider = provider
        self._program = tuple(program)
        self._runs = RunStore()
        self._store = ExperimentStore(self._runs.home)

    def create(self, source: str | Path, name: str | None = None) -> Experiment:
        """Make an experiment of a template, with copies of its flows.

        Raises:
            ExperimentExistsError: There is one of that name.
        """
        experiment = Experiment.from_template(templates.read(source), name, home=self._runs.home)
        self._store.add(experiment)
        return experiment

    def create_or_update(self, experiment: Experiment, **_: object) -> Experiment:
        """Record an experiment, or what has changed of it."""
        if experiment.created_on:
            self._store.save(experiment)
        else:
            self._store.add(experiment)
        return experiment

    def of_file(self, source: str | Path) -> Experiment:
        """The experiment of a file that is started without being created: one for each file, made when first asked.

        Its copies are those of now, unless it runs.
        """
        file = templates.read(source)
        assert file.source is not None
        mark = hashlib.sha256(str(file.source.resolve()).encode()).hexdigest()[:8]
        name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{file.folder_name}_{mark}")
        try:
            before = self._store.get(name)
        except SmaltError:
            return self.create(source, name)
        if before.is_terminal:
            before.template = templates.of_document(templates.to_document(file), before.folder, file.source)
            before.take_snapshot()
            self._store.save(before)
        return before

    def get(self, name: str) -> Experiment:
        """An experiment."""
        return self._store.get(name)

    def list(self, max_results: int | None = 50, *, list_view_type: Any = "ActiveOnly") -> list[Experiment]:
        """Experiments, the newest first."""
        view = str(getattr(list_view_type, "value", list_view_type))
        return self._store.list(max_results=max_results, archived={"All": None, "ArchivedOnly": True}.get(view, False))

    def start(
        self,
        experiment: str | Experiment,
        stream: bool = False,
        inputs: Values | None = None,
        *,
        nodes: Sequence[str] | None = None,
        from_nodes: Sequence[str] | None = None,
        listener: Callable[[str], None] | None = print,
        **_: object,
    ) -> Experiment:
        """Run what is missing of an experiment: here with its log, or in the background.

        Raises:
            ExperimentStatusError: It runs already.
            ExperimentValueError: What the nodes need is not there.
        """
        found = self._store.get(experiment if isinstance(experiment, str) else experiment.name)
        unknown = found.with_inputs(inputs or {})
        if unknown:
            raise ExperimentValueError(
                f"Experiment {found.name!r} has no input or data {', '.join(unknown)}. See smalt experiment show."
            )
        wanted = chosen(found, nodes or (), from_nodes or ())
        with found.take() as held:
            if stream:
                work = Work(found, self._store, self._runs, connections=self._provider, listener=listener)
                return work.run(wanted)
            found.status = ExperimentStatus.QUEUING
            self._store.save(found)
            named = ["--nodes", *nodes] if nodes else ["--from-nodes", *from_nodes] if from_nodes else []
            found.pid = self._detached(found, held.fileno(), named)  # it records that itself
        return found

    def resume(self, name: str, *, nodes: Sequence[str] = (), from_nodes: Sequence[str] = ()) -> Experiment:
        """Run what is missing, in a process to which the experiment was handed."""
        found = self._store.get(name)
        work = Work(found, self._store, self._runs, connections=self._provider)
        return work.run(chosen(found, nodes, from_nodes))

    def stop(self, experiment: str | Experiment) -> Experiment:
        """Stop what runs of an experiment; what has completed stays.

        Raises:
            ExperimentStatusError: Nothing of it runs.
        """
        found = self._store.get(experiment if isinstance(experiment, str) else experiment.name)
        if found.is_terminal or found.pid is None:
            raise ExperimentStatusError(
                f"Experiment {found.name!r} is {found.status}; it cannot be stopped if it is not started."
            )
        os.kill(found.pid, signal.SIGTERM)
        return found

    def clone(self, name: str, new_name: str | None = None) -> Experiment:
        """An experiment of the same flows, as they were copied, with nothing run of it."""
        kept = self._store.get(name)
        made = Experiment.from_template(kept.template, new_name, home=self._runs.home)
        self._store.add(made)
        return made

    def archived(self, name: str, *, is_archived: bool) -> Experiment:
        """Hide an experiment from lists, or show it again."""
        found = self._store.get(name)
        found.is_archived = is_archived
        self._store.save(found)
        return found

    def delete(self, name: str) -> None:
        """Forget an experiment, its files and its runs."""
        found = self._store.get(name)
        self._store.delete(name)
        for run in {noted["name"] for runs in found.node_runs.values() for noted in runs}:
            self._runs.delete(run)

    def test(
        self,
        experiment: str | Path,
        inputs: Values | None = None,
        *,
        flow: str | Path | None = None,
        environment_variables: Mapping[str, str] | None = None,
        output_path: str | Path | None = None,
        **_: object,
    ) -> dict[str, Any]:  # Any: what nodes gave
        """Try every node of a template over one line, or those of a flow and what needs only them; what each gave."""
        tried = Try(
            templates.read(experiment), inputs, environment_variables=environment_variables, output_path=output_path,
            connections=self._provider,
        )  # fmt: skip
        return tried.run(flow=flow)

    def _detached(self, experiment: Experiment, held: int, named: Sequence[str]) -> int:
        """Hand the experiment to a process that outlives this one; it holds the lock as long as it lives."""
        logs = experiment.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "process.log").open("ab") as log:
            process = subprocess.Popen(
                [*self._program, "--name", experiment.name, *named], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=[held],
            )  # fmt: skip
        return process.pid
