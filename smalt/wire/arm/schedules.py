"""The ARM spelling of schedules: the trigger, and an action round what is done."""

from __future__ import annotations

import json
from typing import Any

from smalt.entities.base import Entity
from smalt.entities.kinds import entity_class
from smalt.entities.trigger import AssetTrigger, CronTrigger, EventTrigger, RecurrencePattern, RecurrenceTrigger
from smalt.errors import ValidationFailed
from smalt.wire.arm.base import ENVELOPE, ShapeCodec, as_object
from smalt.wire.arm.jobs import JOB_TYPES, JOBS, job_shape
from smalt.wire.arm.monitors import MONITOR, WEBHOOKS
from smalt.wire.arm.shape import Both, CamelKeys, JsonObject, JsonText, Part, Shape, Words, camel

MISSED_RUNS = "smalt.missedRuns"
"""The property that carries `missed_runs`: official clients drop fields they do not know, and keep properties."""

_DEFINITIONS = {
    "create_job": "jobDefinition",
    "create_monitor": "monitorDefinition",
    "import_data": "dataImportDefinition",
}
_ACTIONS = Words({"create_job": "CreateJob", "create_monitor": "CreateMonitor", "import_data": "ImportData"})
_TRIGGERS = Words({"cron": "Cron", "recurrence": "Recurrence", "asset": "Asset", "event": "Event"})
_DAYS = Words(
    {day: day.capitalize() for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}
)
_FREQUENCIES = Words({unit: unit.capitalize() for unit in ("minute", "hour", "day", "week", "month")})
_PATTERN = Shape.of(
    RecurrencePattern,
    parts={
        "week_days": Both(
            lambda days: [_DAYS.to_arm(day) for day in days] if isinstance(days, list) else _DAYS.to_arm(days),
            lambda days: [_DAYS.from_arm(day) for day in days] if isinstance(days, list) else _DAYS.from_arm(days),
        )
    },
)
_TRIGGER = Shape(
    {
        name: wire
        for model in (CronTrigger, RecurrenceTrigger, AssetTrigger, EventTrigger)
        for name, wire in Shape.of(model).names.items()
    }
    | {"type": "triggerType"},
    {"type": _TRIGGERS, "frequency": _FREQUENCIES, "schedule": _PATTERN},
)


def _job_to_arm(value: Any) -> Any:  # Any: JSON
    if isinstance(value, str):
        # Whatever the job is: it is how the official clients say it, and all they understand when they read it.
        return {"jobType": "Pipeline", "sourceJobId": value, "experimentName": ""}
    if "job" in value:
        given = {key: item for key, item in value.items() if key != "job"}
        return {**_reference_shape(value.get("type")).to_arm(given), "sourceJobId": value["job"]}
    return JOBS.to_arm(entity_class("job", value.get("type")).parse(value))["properties"]


def _job_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    source = value.get("sourceJobId")
    if source is None:
        return JOBS.from_arm({"properties": value}).document()
    given = {key: item for key, item in value.items() if key != "sourceJobId" and not _says_nothing(key, item)}
    if given.keys() <= {"jobType"}:
        return source
    return {**_reference_shape(given.get("jobType")).from_arm(given), "job": source}


def _says_nothing(key: str, item: Any) -> bool:  # Any: JSON
    """Whether a client has sent a field only because it sends the whole of an empty job beside a reference."""
    if key == "settings" and isinstance(item, dict):
        return all(name.startswith("_") or value is None for name, value in item.items())
    return item in (None, "", {}, [], False) or (key, item) == ("experimentName", "Default")


def _reference_shape(job_type: Any) -> Shape:  # Any: JSON
    try:
        return job_shape(entity_class("job", job_type if isinstance(job_type, str) else None))
    except ValidationFailed:
        return Shape({"type": "jobType"}, {"type": JOB_TYPES})


_PARTS: dict[str, Part] = {
    "trigger": _TRIGGER,
    "create_job": Both(_job_to_arm, _job_from_arm),
    "create_monitor": MONITOR,
    "import_data": CamelKeys(),
}


def _shape(model: type[Entity]) -> Shape:
    return Shape.of(model, parts=_PARTS, skip=ENVELOPE, constants={"actionType": ""})


def _with_action(flat: JsonObject) -> JsonObject:
    """Put what is done into its action, and our own setting among the properties."""
    body = {key: value for key, value in flat.items() if key != "actionType"}
    further = body.pop("action", None)
    action = dict(further) if isinstance(further, dict) else {}
    for name, definition in _DEFINITIONS.items():
        if camel(name) in body:
            action |= {"actionType": _ACTIONS.to_arm(name), definition: body.pop(camel(name))}
    missed = body.pop("missedRuns", None)
    if missed not in (None, "once"):
        body["properties"] = {**(body.get("properties") or {}), MISSED_RUNS: missed}
    webhooks = _notification(action).pop("webhooks", None)
    if webhooks:
        body["properties"] = {**(body.get("properties") or {}), WEBHOOKS: json.dumps(webhooks)}
    return {**body, "action": action}


def _notification(action: JsonObject) -> JsonObject:
    """Whom a monitor notifies; an empty mapping where it is none or notifies nobody."""
    definition = action.get(_DEFINITIONS["create_monitor"])
    found = definition.get("alertNotificationSetting") if isinstance(definition, dict) else None
    return found if isinstance(found, dict) else {}


def _without_action(properties: JsonObject) -> JsonObject:
    flat = dict(properties)
    action = dict(as_object(flat.pop("action", None), "properties.action"))
    kind = action.pop("actionType", None)
    flat["actionType"] = kind
    definition = _DEFINITIONS.get(str(_ACTIONS.from_arm(kind)))
    if definition is not None and definition in action:
        flat[camel(str(_ACTIONS.from_arm(kind)))] = action.pop(definition)
    if action:
        flat["action"] = action
    own = flat.get("properties")
    if isinstance(own, dict) and MISSED_RUNS in own:
        flat["missedRuns"] = own[MISSED_RUNS]
        flat["properties"] = {key: value for key, value in own.items() if key != MISSED_RUNS}
    if isinstance(own, dict) and WEBHOOKS in own:
        flat["properties"] = {key: value for key, value in flat["properties"].items() if key != WEBHOOKS}
        _notify(flat, own[WEBHOOKS])
    return flat


def _notify(flat: JsonObject, webhooks: Any) -> None:  # Any: JSON
    """Put the webhooks back to where the monitor says whom it notifies."""
    definition = flat.get("createMonitor")
    found = JsonText().from_arm(webhooks)
    if not isinstance(definition, dict) or not isinstance(found, list):
        return
    told = definition.get("alertNotificationSetting")
    told = told if isinstance(told, dict) else {"alertNotificationType": "Email"}
    flat["createMonitor"] = {**definition, "alertNotificationSetting": {**told, "webhooks": found}}


SCHEDULES = ShapeCodec("schedule", _shape, type_key="actionType", finish=_with_action, begin=_without_action)
