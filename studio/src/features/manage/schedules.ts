import { useMutation, useQueryClient } from "@tanstack/react-query";
import { json } from "../../api/client";
import type { Resource } from "../../api/types";
import type { Message, Translate } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { wordOf } from "../../ui/Status";

export interface ScheduleProperties {
  [key: string]: unknown;
  displayName?: string;
  description?: string | null;
  isEnabled: boolean;
  provisioningState: string;
  nextRunTime?: string;
  tags?: Record<string, string>;
  trigger: {
    triggerType: string;
    expression?: string;
    frequency?: string;
    interval?: number;
    timeZone?: string;
    schedule?: { hours?: number[]; minutes?: number[]; weekDays?: string[]; monthDays?: number[] } | null;
    startTime?: string | null;
    endTime?: string | null;
    /** What an event is of, by the kind of trigger. */
    event?: string;
    status?: string[];
    experimentName?: string | null;
    jobType?: string | null;
    monitor?: string | null;
    signal?: string | null;
    assetType?: string;
    name?: string | null;
    tags?: Record<string, string>;
  };
  action: { actionType: string; jobDefinition?: { displayName?: string; experimentName?: string; jobType?: string } };
}

export type Schedule = Resource<ScheduleProperties>;

/** When a schedule fires, in one line. */
export function rule({ trigger }: ScheduleProperties, t: Translate): string {
  const zone = trigger.timeZone ?? "UTC";
  if (trigger.expression) return `${trigger.expression} (${zone})`;
  const { frequency, interval = 1 } = trigger;
  if (!frequency || !Object.hasOwn(UNITS, frequency)) return happening(trigger, t);
  const [one, unit] = UNITS[frequency];
  const often = interval === 1 ? t(one) : t("Every {count} {unit}", { count: interval, unit: t(unit) });
  return `${often}${days(trigger.schedule, t)}${times(trigger.schedule)} (${zone})`;
}

/** What has to happen, and to what: `When a job has ended: Failed, production`. */
function happening(trigger: ScheduleProperties["trigger"], t: Translate): string {
  const { event = "", status = [], tags = {}, assetType } = trigger;
  const kind = trigger.triggerType === "Asset" ? `${assetType}_registered` : event;
  if (!Object.hasOwn(EVENTS, kind)) return t("On an event");
  const narrower = [
    ...status.map((each) => wordOf(each, t)),
    ...[trigger.name, trigger.experimentName, trigger.jobType, trigger.monitor, trigger.signal],
    ...Object.entries(tags).map(([key, value]) => `${key}: ${value}`),
  ].filter(Boolean);
  return narrower.length === 0 ? t(EVENTS[kind]) : `${t(EVENTS[kind])}: ${narrower.join(", ")}`;
}

const EVENTS: Record<string, Message> = {
  job_finished: "When a job has ended",
  data_registered: "When data is registered",
  model_registered: "When a model is registered",
  monitor_breached: "When a monitor finds something",
};

const WEEK_DAYS: Record<string, Message> = {
  Monday: "Monday",
  Tuesday: "Tuesday",
  Wednesday: "Wednesday",
  Thursday: "Thursday",
  Friday: "Friday",
  Saturday: "Saturday",
  Sunday: "Sunday",
};

/** The days of a week or a month, each after a comma. */
function days(at: ScheduleProperties["trigger"]["schedule"], t: Translate): string {
  const ofWeek = (at?.weekDays ?? []).map((day) => (Object.hasOwn(WEEK_DAYS, day) ? t(WEEK_DAYS[day]) : day));
  const ofMonth = (at?.monthDays ?? []).map((day) => t("day {day}", { day }));
  const all = [...ofWeek, ...ofMonth];
  return all.map((day) => `, ${day}`).join("");
}

const UNITS: Record<string, [Message, Message]> = {
  Minute: ["Every minute", "minutes"],
  Hour: ["Every hour", "hours"],
  Day: ["Every day", "days"],
  Week: ["Every week", "weeks"],
  Month: ["Every month", "months"],
};

/** The times of the day, each after a comma. */
function times(at: ScheduleProperties["trigger"]["schedule"]): string {
  const hours = at?.hours ?? [];
  // Nobody has to say the full hour.
  const minutes = at?.minutes?.length ? at.minutes : [0];
  const all = hours.flatMap((hour) => minutes.map((minute) => `, ${hour}:${String(minute).padStart(2, "0")}`));
  return all.join("");
}

interface Change {
  schedule: Schedule;
  isEnabled?: boolean;
  /** What is to be another; null takes a tag away. */
  tags?: Record<string, string | null>;
}

/** Lets a schedule fire or keeps it from it, and changes its tags. */
export function useChanging() {
  const scope = useScope();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ schedule, isEnabled = schedule.properties.isEnabled, tags: changes }: Change) => {
      const merged = Object.entries({ ...schedule.properties.tags, ...changes });
      const tags = Object.fromEntries(merged.filter(([, value]) => value !== null));
      return json<Schedule>(`${scope}/schedules/${encodeURIComponent(schedule.name)}`, {
        method: "PUT",
        body: { properties: { ...schedule.properties, isEnabled, tags } },
      });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
}
