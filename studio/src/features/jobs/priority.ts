/** Who waits shorter for a place; the numbers are those of the interface. */
import type { JobProperties } from "../../api/types";
import type { Message } from "../../app/i18n";

type Queue = JobProperties["queueSettings"];

export const PRIORITIES: readonly [number, Message, yaml: string][] = [
  [1, "Low", "low"],
  [2, "Medium", "medium"],
  [3, "High", "high"],
];

/** What a priority is called; nothing where a job asks for none. */
export const priorityOf = (queue: Queue): Message | undefined =>
  PRIORITIES.find(([number]) => number === queue?.priority)?.[1];

/** The same settings with another priority, or without one; without any setting left there are none. */
export function queuedWith({ priority: _, ...others }: NonNullable<Queue> = {}, priority?: number): Queue {
  const changed = priority ? { ...others, priority } : others;
  return Object.keys(changed).length > 0 ? changed : undefined;
}

/** The number of a priority that is written in YAML, however it is written there. */
export const priorityIn = (word: string | undefined): number | undefined =>
  PRIORITIES.find(([, , yaml]) => yaml === word?.toLowerCase())?.[0];

export const priorityWord = (priority: number | undefined): string | undefined =>
  PRIORITIES.find(([number]) => number === priority)?.[2];
