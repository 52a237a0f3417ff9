import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalt.constants import TimeZone
from smalt.entities.schedule import JobSchedule
from smalt.entities.time_zone import zone
from smalt.errors import ValidationFailed
from smalt.wire.yaml import load_entity

AZURE_ONLY = ["Kamchatka Standard Time", "Mid-Atlantic Standard Time", "Aus Central W. Standard Time", "UTC+12"]
CRON = "{type: Cron, expression: '0 * * * *', time_zone: pacific standard time}"


@pytest.mark.parametrize("name", [*AZURE_ONLY, *TimeZone, "Europe/Berlin", "utc"])
def test_every_name_of_a_time_zone_is_known(name):
    assert zone(str(name)).key


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "Europe/../Berlin", "Pacific", "a\0b", "localtime"])
def test_what_is_no_time_zone_is_refused(name):
    with pytest.raises(ValueError, match="is unknown"):
        zone(name)


def test_words_are_taken_in_any_case_and_single_values_as_lists():
    text = "name: s\ncreate_job: azureml:j\ntrigger: {type: Recurrence, frequency: Week, interval: 1, schedule: "
    found = load_entity("schedule", text + "{hours: 8, minutes: 0, week_days: Monday}}\n").entity

    assert isinstance(found, JobSchedule)
    assert found.trigger.document()["frequency"] == "week"
    assert found.trigger.schedule.document() == {
        "hours": [8], "minutes": [0], "week_days": ["monday"], "month_days": []
    }  # fmt: skip


def test_every_mistake_is_told_with_its_place():
    text = "name: s\ntrigger:\n  type: cron\n  expression: 0 * *\n  time_zone: Pacific Time\ncreate_job: azureml:j\n"

    with pytest.raises(ValidationFailed) as failure:
        load_entity("schedule", text)

    assert "<text>:4: trigger.expression: The cron expression '0 * *' has 3 fields" in failure.value.message
    assert "<text>:5: trigger.time_zone: The time zone 'Pacific Time' is unknown" in failure.value.message


def test_a_mistake_in_the_job_is_told_with_its_place():
    text = f"name: s\ntrigger: {CRON}\ncreate_job:\n  type: command\n  environment: azureml:e:1\n"

    with pytest.raises(ValidationFailed, match=r"create_job.command: This field is required"):
        load_entity("schedule", text)


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        ({"type": "cron", "expression": "61 * * * *"}, "cannot be read"),
        ({"type": "recurrence", "frequency": "day", "interval": 0}, "greater than or equal to 1"),
        ({"type": "recurrence", "frequency": "year", "interval": 1}, "minute"),
        ({"type": "cron", "expression": "0 * * * *", "start_time": "soon"}, "is no time"),
        (
            {"type": "cron", "expression": "0 * * * *", "start_time": "2026-01-02", "end_time": "2026-01-01"},
            "not after",
        ),
        ({"type": "event", "event": "job_finished", "status": "Running"}, "does not finish as"),
        ({"type": "moon"}, "cron"),
    ],
)
def test_triggers_that_make_no_sense_are_refused(trigger, told):
    with pytest.raises(ValidationFailed, match=told):
        JobSchedule.parse({"name": "s", "trigger": trigger, "create_job": "azureml:j"})


@given(st.text(max_size=30))
def test_any_text_is_a_time_zone_or_refused(name):
    try:
        found = zone(name).key
    except ValueError as error:
        found = str(error)

    assert found


def test_a_field_written_anew_must_fit_the_job():
    create_job = {"type": "command", "job": "azureml:j", "inputs": {"n": {"type": 5, "value": []}}, "limits": "long"}

    with pytest.raises(ValidationFailed, match=r"limits"):
        JobSchedule.parse({"name": "s", "create_job": create_job})
