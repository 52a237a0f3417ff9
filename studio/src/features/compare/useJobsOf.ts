import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { job as jobQuery } from "../../api/queries";
import type { Job, Run } from "../../api/types";
import { useScope } from "../../app/workspace";
import { isJob } from "./values";

/** The jobs of the runs that are some, by their names. They come together: the table is drawn anew once, not for each. */
export function useJobsOf(runs: readonly Run[]): ReadonlyMap<string, Job> {
  const scope = useScope();
  const client = useQueryClient();
  const names = runs.filter(isJob).map(({ info }) => info.run_id);
  const found = useQuery({
    queryKey: ["compared", scope, names],
    queryFn: () => Promise.all(names.map((name) => client.ensureQueryData(jobQuery(scope, name)).catch(() => null))),
    enabled: names.length > 0,
    placeholderData: keepPreviousData,
  });
  return useMemo(
    () => new Map((found.data ?? []).flatMap((each) => (each ? [[each.name, each] as const] : []))),
    [found.data],
  );
}
