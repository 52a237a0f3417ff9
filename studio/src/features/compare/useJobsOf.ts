import { useQueries } from "@tanstack/react-query";
import { job as jobQuery } from "../../api/queries";
import type { Job, Run } from "../../api/types";
import { useScope } from "../../app/workspace";
import { isJob } from "./values";

/** The jobs of the runs that are some, by their names, as far as they are there. */
export function useJobsOf(runs: readonly Run[]): ReadonlyMap<string, Job> {
  const scope = useScope();
  return useQueries({
    queries: runs.filter(isJob).map(({ info }) => ({ ...jobQuery(scope, info.run_id), staleTime: 60_000 })),
    combine,
  });
}

const combine = (results: { data?: Job }[]): ReadonlyMap<string, Job> =>
  new Map(results.flatMap(({ data }) => (data ? [[data.name, data] as const] : [])));
