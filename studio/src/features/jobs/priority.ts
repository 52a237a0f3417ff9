/** Who waits shorter for a place; the numbers are those of the interface. */
import type { JobProperties } from "../../api/types";
import type { Message } from "../../app/i18n";

type Queue = JobProperties["queueSettings"];

export const PRIORITIES: readonly [number, Message][] = [
  [1, "Low"],
  [2, "Medium"],
  [3, "High"],
];

/** What a priority is called; nothing where a job asks for none. */
export const priorityOf = (queue: Queue): Message | undefined =>
  PRIORITIES.find(([number]) => number === queue?.priority)?.[1];

/** The same settings with another priority, or without one; without any setting left there are none. */
export function queuedWith({ priority: _, ...others }: NonNullable<Queue> = {}, priority: string): Queue {
  const changed = priority ? { ...others, priority: Number(priority) } : others;
  return Object.keys(changed).length > 0 ? changed : undefined;
}
