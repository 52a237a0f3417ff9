"""The verbs of schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from smalt.entities.base import ASSET_NAME, check_name
from smalt.entities.schedule import Schedule
from smalt.entities.time_zone import zone
from smalt.entities.trigger import AssetTrigger, EventTrigger, TimeTrigger, Trigger
from smalt.errors import InvalidRequest, Unsupported, ValidationFailed
from smalt.kit import ids
from smalt.server.http import Page
from smalt.server.schedules import store, timetable
from smalt.server.schedules.actions import Action
from smalt.server.schedules.errors import ScheduleDisabled, ScheduleEnabled, ScheduleNotFound
from smalt.server.schedules.events import ScheduleChanged
from smalt.server.schedules.occasion import Occasion
from smalt.server.schedules.owners import Owners
from smalt.server.schedules.store import FireRecord, ScheduleRecord
from smalt.server.schedules.watch import Watch
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_BESIDE = frozenset(
    {"name", "id", "creation_context", "is_enabled", "provisioning_state", "next_run_time", "actionType"}
)
"""Fields that are kept beside the document, or are not the sender's to write."""


class ScheduleService:
    """Keeps schedules.

    Args:
        actions: What schedules can do, by the field that says so.
        watch: Looks at what they wait for.
        owners: Knows in whose name they fire.
    """

    def __init__(self, actions: Mapping[str, Action], watch: Watch, owners: Owners) -> None:
        self._actions = actions
        self._watch = watch
        self._owners = owners

    def get(self, work: Work, workspace: WorkspaceRecord, name: str, *, lock: bool = False) -> ScheduleRecord:
        """A schedule.

        Raises:
            ScheduleNotFound: There is none of this name.
        """
        record = store.find(work.connection, workspace.id, name, lock=lock)
        if record is None:
            raise ScheduleNotFound(
                f"No schedule {name!r} in workspace {workspace.name!r}. See `smalt schedule list --include-disabled`.",
                target="name",
            )
        return record

    def page(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        *,
        enabled: bool | None,
        after: str | None,
        limit: int,
        action: str | None = None,
    ) -> Page[ScheduleRecord]:
        """Schedules by name; only those that do one thing, if asked."""
        found = store.page(work.connection, workspace.id, enabled=enabled, after=after, limit=limit + 1, action=action)
        return Page(found[:limit], found[limit - 1].name if len(found) > limit else None)

    def put(self, work: Work, workspace: WorkspaceRecord, name: str, entity: Schedule) -> tuple[ScheduleRecord, bool]:
        """Create a schedule, or write one anew; also whether it is new.

        Whoever changes what a schedule does has it done in their own name from then on.

        Raises:
            Unsupported: Nothing here can do what it is to do.
            ValidationFailed: It could never fire, or what it does is wrong.
            Forbidden: The caller may not do that themselves.
        """
        action = self.action(type(entity).action)
        _check_name(name)
        old = store.find(work.connection, workspace.id, name, lock=True)
        trigger = self._trigger(entity, old, work.now)
        given = entity.trigger
        entity = action.completed(work, workspace, entity.model_copy(update={"name": name, "trigger": trigger}))
        document = {key: value for key, value in entity.document().items() if key not in _BESIDE}
        document["trigger"] = trigger.document()
        record = self._changed(work, old, document, action, name=name, workspace_id=workspace.id)
        if old is None or old.document.get(action.field) != document[action.field]:
            self._owners.check(work, workspace, action.permission)
            sample = self._sample(work, workspace, trigger)
            definition = action.pin(work, workspace, entity, sample)
            record = replace(record, definition=definition, owner_id=work.actor.id)
        enabled = entity.is_enabled if entity.is_enabled is not None else old is None or old.enabled
        record = self._armed(work, record, old, trigger, given=given, enabled=enabled)
        if old is None:
            store.add(work.connection, record)
        else:
            values = {key: getattr(record, key) for key in ScheduleRecord.__slots__ if key != "id"}
            store.change(work.connection, record, **values)
        work.publish(ScheduleChanged(workspace.id, record.name))
        return record, old is None

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Delete a schedule that is disabled; whether there was one. Its jobs stay.

        Raises:
            ScheduleEnabled: It may fire at any moment.
        """
        record = store.find(work.connection, workspace.id, name, lock=True)
        if record is None:
            return False
        if record.enabled:
            raise ScheduleEnabled(
                f"The schedule {record.name!r} is enabled. Disable it before it is deleted: "
                f"smalt schedule disable -n {record.name}"
            )
        store.remove(work.connection, record)
        return True

    def trigger(
        self, work: Work, workspace: WorkspaceRecord, name: str, *, fire_at: datetime
    ) -> tuple[ScheduleRecord, str]:
        """Fire a schedule now, once, beside the times it has; also the job that was submitted.

        Raises:
            ScheduleDisabled: It is disabled.
            SmaltError: The job could not be submitted.
        """
        record = self.get(work, workspace, name, lock=True)
        if not record.enabled:
            raise ScheduleDisabled(
                f"The schedule {record.name!r} is disabled. Enable it first: smalt schedule enable -n {record.name}"
            )
        trigger = record.entity().trigger
        sample = self._sample(work, workspace, trigger)
        occasion = Occasion(f"manual:{ids.opaque()}", fire_at, sample.values if sample is not None else {})
        job = self.fire(work, workspace, record, occasion)
        store.add_fire(
            work.connection, FireRecord(record.id, occasion.cause, occasion.fire_at, work.now, "submitted", job)
        )
        return record, job

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every schedule of a workspace that is gone for good."""
        store.remove_all(work.connection, workspace_id)

    def fires(
        self, work: Work, workspace: WorkspaceRecord, name: str, *, after: tuple[datetime, str] | None, limit: int
    ) -> Page[FireRecord]:
        """When a schedule fired and what came of it, the newest first."""
        record = self.get(work, workspace, name)
        found = store.page_of_fires(work.connection, record, after=after, limit=limit + 1)
        if len(found) <= limit:
            return Page(found)
        last = found[limit - 1]
        return Page(found[:limit], (last.happened_at, last.cause))

    def fire(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, occasion: Occasion) -> str:
        """Do what a schedule does, in the name of its owner; the job that was submitted.

        Raises:
            SmaltError: It could not be done; nothing is left of the attempt.
        """
        action = self.action(record.action)
        acting = self._owners.acting(work, workspace, record, action.permission)
        with work.connection.begin_nested():
            return action.start(acting, workspace, record, occasion)

    def action(self, field: str) -> Action:
        """What a field stands for.

        Raises:
            Unsupported: Nothing here can do it.
        """
        if field not in self._actions:
            known = ", ".join(sorted(self._actions))
            raise Unsupported(
                f"Schedules with {field!r} are not run by this server, so it takes none. It runs: {known}.",
                target=field,
            )
        return self._actions[field]

    def _trigger(self, entity: Schedule, old: ScheduleRecord | None, now: datetime) -> Trigger:
        """The trigger that was sent, with its start written down."""
        present = old.entity().trigger if old is not None else None
        # The official client cannot read our own triggers, and sends none when it enables or disables.
        trigger = entity.trigger or present
        if trigger is None:
            raise ValidationFailed("The schedule has no trigger. Write 'trigger:'.", target="trigger")
        if not isinstance(trigger, TimeTrigger) or trigger.start_time is not None:
            return trigger
        kept = present.start_time if isinstance(present, TimeTrigger) and type(present) is type(trigger) else None
        local = now.astimezone(zone(trigger.time_zone)).replace(tzinfo=None, microsecond=0)
        return type(trigger).parse({**trigger.document(), "start_time": kept or local.isoformat()})

    def _sample(self, work: Work, workspace: WorkspaceRecord, trigger: Trigger | None) -> Occasion | None:
        if isinstance(trigger, AssetTrigger | EventTrigger):
            return self._watch.sample(work, workspace, trigger)
        return Occasion("sample", work.now)

    def _changed(
        self,
        work: Work,
        old: ScheduleRecord | None,
        document: dict[str, Any],  # Any: JSON
        action: Action,
        *,
        name: str,
        workspace_id: str,
    ) -> ScheduleRecord:
        if old is not None:
            return replace(
                old,
                action=action.field,
                document=document,
                modified_at=work.now,
                modified_by=work.actor.name,
                revision=old.revision + 1,
            )
        return ScheduleRecord(
            id=ids.opaque(),
            workspace_id=workspace_id,
            name=name,
            key=name.lower(),
            action=action.field,
            document=document,
            definition={},
            enabled=False,
            owner_id=work.actor.id,
            created_at=work.now,
            created_by=work.actor.name,
            created_by_type=work.actor.kind.value,
            modified_at=work.now,
            modified_by=work.actor.name,
            revision=1,
            next_at=None,
            watch_from=None,
            due_at=None,
        )

    def _armed(
        self,
        work: Work,
        record: ScheduleRecord,
        old: ScheduleRecord | None,
        trigger: Trigger,
        *,
        given: Trigger | None,
        enabled: bool,
    ) -> ScheduleRecord:
        """The record with the moment at which it fires next."""
        if not enabled:
            return replace(record, enabled=False, next_at=None, watch_from=None, due_at=None, attempts=0)
        if old is not None and old.enabled and old.document["trigger"] == trigger.document():
            return replace(record, enabled=True)
        if not isinstance(trigger, TimeTrigger):
            return replace(record, enabled=True, next_at=None, watch_from=work.now, due_at=work.now, attempts=0)
        if old is None and trigger.ends_at is not None and trigger.ends_at <= work.now:
            raise ValidationFailed(
                f"end_time {trigger.end_time} ({trigger.time_zone}) is past, so the schedule could never fire. "
                "Write a later one.",
                target="trigger.end_time",
            )
        if old is None and isinstance(given, TimeTrigger):
            next_at = timetable.first(given, work.now)
        else:
            next_at = timetable.next_after(trigger, work.now)
        if old is None and next_at is None:
            raise ValidationFailed("There is no time at which the trigger fires. Check it.", target="trigger")
        return replace(record, enabled=True, next_at=next_at, watch_from=None, due_at=next_at, attempts=0)


def _check_name(name: str) -> None:
    try:
        check_name(name, ASSET_NAME)
    except ValueError as error:
        raise InvalidRequest(str(error), target="name") from None
