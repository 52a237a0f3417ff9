"""Sweeps written in Python with the names of the v2 SDK, and trials in files of their own."""

from __future__ import annotations

from pathlib import Path

from smalt import BanditPolicy, Choice, MLClient, QUniform, Randint, Uniform, command, load_job
from smalt.sdk.trials_table import TrialsTable
from tests.sdk.fake_server import SCOPE, Fake


def sent(fake: Fake, name: str) -> dict:
    return fake.resources[f"{SCOPE}/jobs/{name}"]["properties"]


def test_a_command_becomes_a_sweep_over_its_searched_inputs(client: MLClient, fake: Fake) -> None:
    train = command(
        command="train ${{inputs.lr}} ${{inputs.units}} ${{inputs.data}}",
        environment="azureml:e:1",
        inputs={"lr": 0.1, "units": 8, "data": "small"},
        compute="cpu",
    )
    sweep = train(lr=Uniform(0.1, 1), units=Choice([8, {"wide": Randint(9)}])).sweep(
        primary_metric="loss", goal="Minimize", early_termination_policy=BanditPolicy(slack_factor=0.1)
    )
    sweep.set_limits(max_total_trials=4, timeout=60)

    submitted = client.create_or_update(sweep)

    body = sent(fake, str(submitted.name))
    assert body["trial"]["command"] == "train ${{search_space.lr}} ${{search_space.units}} ${{inputs.data}}"
    assert body["trial"]["environmentId"] == f"{SCOPE}/environments/e/versions/1"
    assert body["searchSpace"] == {
        "lr": ["uniform", [0.1, 1]],
        "units": ["choice", [[8, {"wide": ["randint", [9]]}]]],
    }
    assert body["inputs"].keys() == {"data"}
    assert body["limits"] == {"jobLimitsType": "Sweep", "maxTotalTrials": 4, "timeout": "PT1M"}
    assert body["earlyTermination"]["policyType"] == "Bandit"
    assert train.inputs["lr"] == 0.1


def test_a_trial_may_be_a_component_in_a_file_of_its_own(client: MLClient, fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "part/src").mkdir(parents=True)
    (tmp_path / "part/src/train.py").write_text("print(1)")
    (tmp_path / "part/train.yml").write_text(
        "name: train\ntype: command\ncode: ./src\ncommand: python train.py ${{inputs.lr}} ${{inputs.epochs}}\n"
        "environment: azureml:e:1\ninputs:\n  lr: {type: number}\n  epochs: {type: integer, default: 3}\n"
        "outputs:\n  model: {type: mlflow_model}\n"
    )
    (tmp_path / "sweep.yml").write_text(
        "type: sweep\ntrial: file:./part/train.yml\nsearch_space:\n  lr: {type: uniform, min_value: 0, max_value: 1}\n"
        "objective: {goal: maximize, primary_metric: acc}\nlimits: {max_total_trials: 2}\n"
    )

    submitted = client.create_or_update(load_job(tmp_path / "sweep.yml"))

    body = sent(fake, str(submitted.name))
    assert body["trial"]["codeId"].startswith(f"{SCOPE}/codes/")
    assert body["inputs"]["epochs"]["value"] == "3"
    assert body["outputs"]["model"]["jobOutputType"] == "mlflow_model"


def test_mistakes_of_a_sweep_are_found_before_anything_is_sent(client: MLClient, fake: Fake) -> None:
    train = command(command="x ${{inputs.q}}", environment="azureml:e:1", inputs={"q": QUniform(3, 1, q=0)})
    sweep = train.sweep(primary_metric="loss", goal="minimize", sampling_algorithm="grid", max_total_trials=0)

    found = client.jobs.validate(sweep).error_messages

    assert found.keys() == {"search_space.q", "limits.max_total_trials"}
    assert not fake.requests


def test_the_table_tells_each_change_once_and_marks_the_best() -> None:
    class Out(list[str]):
        def write(self, text: str) -> None:
            self.append(text)

        def flush(self) -> None:
            pass

    trial = {"name": "s_0", "status": "Running", "value": None, "hyperparameters": {"lr": 0.25}, "reason": None,
             "isBest": False}  # fmt: skip
    answer = {"value": [trial], "primaryMetric": "loss"}
    out = Out()
    table = TrialsTable(lambda: answer, out)  # type: ignore[arg-type]  # as much of a file as is used

    first, again = table(), table()
    trial |= {"status": "Completed", "value": 0.5, "isBest": True}
    ended = table()

    assert (first, again, ended) == (True, False, True)
    assert [line.split() for line in "".join(out).strip().splitlines()] == [
        ["trial", "status", "loss", "lr"], ["s_0", "Running", "0.25"], ["s_0*", "Completed", "0.5", "0.25"]
    ]  # fmt: skip
