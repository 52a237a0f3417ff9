import type { QueryClient } from "@tanstack/react-query";
import { points, run } from "../../api/queries";
import type { Job, Run } from "../../api/types";

/** What some runs have logged, and what of it is not of the machine. */
export function metricNames(runs: readonly Run[]): { all: string[]; own: string[] } {
  const all = [...new Set(runs.flatMap((each) => each.data.metrics?.map(({ key }) => key) ?? []))].sort();
  return { all, own: all.filter((key) => !key.startsWith("system/")) };
}

/** As many charts as stand on the first screen. */
const FIRST = 6;

/** Asks for what the first charts of a job show, so that it is on its way before they are drawn. */
export async function metricsAhead(client: QueryClient, scope: string, { name }: Job): Promise<void> {
  const found = await client.fetchQuery(run(scope, name)).catch(() => null);
  for (const metric of metricNames(found ? [found] : []).own.slice(0, FIRST)) {
    void client.prefetchQuery(points(scope, [name], metric));
  }
}
