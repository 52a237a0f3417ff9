import { useMutation, useQueryClient } from "@tanstack/react-query";
import { json } from "../../api/client";
import type { Resource } from "../../api/types";
import type { Message, Translate } from "../../app/i18n";
import { useScope } from "../../app/workspace";

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
    schedule?: { hours?: number[]; minutes?: number[] } | null;
    startTime?: string | null;
    endTime?: string | null;
  };
  action: { actionType: string; jobDefinition?: { displayName?: string; experimentName?: string; jobType?: string } };
}

export type Schedule = Resource<ScheduleProperties>;

/** When a schedule fires, in one line. */
export function rule({ trigger }: ScheduleProperties, t: Translate): string {
  const zone = trigger.timeZone ?? "UTC";
  if (trigger.expression) return `${trigger.expression} (${zone})`;
  const { frequency, interval = 1 } = trigger;
  if (!frequency || !Object.hasOwn(UNITS, frequency)) return t("On an event");
  const [one, unit] = UNITS[frequency];
  const often = interval === 1 ? t(one) : t("Every {count} {unit}", { count: interval, unit: t(unit) });
  return `${often}${times(trigger.schedule)} (${zone})`;
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
  const minutes = at?.minutes ?? [0];
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
