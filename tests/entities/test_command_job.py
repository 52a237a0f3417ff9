import pytest

from smalt.entities.base import unknown_fields
from smalt.entities.job.command import CommandJob
from smalt.entities.job.inputs import DataInput, data_inputs, literal_texts
from smalt.entities.job.status import JobStatus
from smalt.entities.kinds import entity_class
from smalt.entities.warned import Warnings
from smalt.errors import ValidationFailed


def test_literals_reach_the_command_by_their_declared_type():
    job = CommandJob.parse(
        {
            "command": "python main.py",
            "inputs": {
                "flag": True,
                "lr": {"type": "number", "value": "1e-3"},
                "text": {"type": "string", "default": False},
                "count": {"value": 3},
                "data": {"type": "uri_file", "path": "a.csv"},
                "folder": None,
            },
        }
    )

    assert literal_texts(job.inputs) == {"flag": "True", "lr": "0.001", "text": "False", "count": "3"}
    assert data_inputs(job.inputs)["folder"] == DataInput()


def test_doubtful_spellings_warn_and_do_not_fail():
    warnings = Warnings()

    job = CommandJob.parse(
        {
            "command": "echo",
            "display_name": {"insert random GUID": None},
            "inputs": {"type": "uri_file"},
            "outputs": {"x": None},
            "resources": 'instance_type="a"',
            "settings": {"default_datestore": "x"},
        },
        warnings,
    )

    assert {warned.path for warned in warnings.items} == {"display_name", "inputs.type", "resources"}
    assert [warned.path for warned in unknown_fields(job)] == ["settings"]
    assert job.outputs["x"].type == "uri_folder"
    assert job.document()["settings"] == {"default_datestore": "x"}


def test_every_mistake_is_told_at_once():
    with pytest.raises(ValidationFailed) as failure:
        CommandJob.parse({"name": "größe", "limits": {"timeout": "soon"}, "outputs": {"x": {"mode": "fly"}}})

    targets = {detail.target for detail in failure.value.details}
    assert targets == {"name", "command", "limits.timeout", "outputs.x.mode"}


@pytest.mark.parametrize("literal", [{"type": "integer", "value": "x"}, {"type": "boolean", "value": 7}])
def test_a_literal_of_another_type_than_declared_is_refused(literal):
    with pytest.raises(ValidationFailed):
        CommandJob.parse({"command": "echo", "inputs": {"a": literal}})


def test_only_finished_states_are_terminal():
    assert JobStatus.COMPLETED.is_terminal
    assert not JobStatus.CANCEL_REQUESTED.is_terminal


def test_an_unknown_job_type_is_refused_with_the_known_ones():
    with pytest.raises(ValidationFailed, match="command, pipeline, sweep"):
        entity_class("job", "comand")
