import { useMutation, useQueryClient } from "@tanstack/react-query";
import { json } from "../../api/client";
import type { Resource } from "../../api/types";
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
    startTime?: string | null;
    endTime?: string | null;
  };
  action: { actionType: string; jobDefinition?: { displayName?: string; experimentName?: string; jobType?: string } };
}

export type Schedule = Resource<ScheduleProperties>;

/** When a schedule fires, in one line. */
export function rule({ trigger }: ScheduleProperties): string {
  if (trigger.expression) return `${trigger.expression} (${trigger.timeZone ?? "UTC"})`;
  if (trigger.frequency) return `${trigger.frequency} / ${trigger.interval ?? 1} (${trigger.timeZone ?? "UTC"})`;
  return trigger.triggerType;
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
