import { useInfiniteQuery, useQueries, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { json, type Listing } from "../../api/client";
import { job, runsOf } from "../../api/queries";
import type { Job, Run } from "../../api/types";
import type { Topic } from "../../api/live";
import { useChanges, useScope } from "../../app/workspace";
import { firstPage, jobPages, type JobFilter } from "./jobPages";

const MOST_LOOKED_AT = 30;

/** Jobs, page by page, with their runs; rows follow the server's word while they are shown. */
export function useJobs(filter: JobFilter) {
  const scope = useScope();
  const client = useQueryClient();
  const first = firstPage(scope, filter);
  const key = useMemo(() => jobPages(scope, filter).queryKey, [scope, first]);
  const pages = useInfiniteQuery(jobPages(scope, filter));

  const changed = useCallback(
    (topics: Topic[]) => {
      const names = topics.filter(({ kind }) => kind === "jobs").map(({ name }) => name);
      if (topics.some(({ kind }) => kind === "everything") || names.length > MOST_LOOKED_AT) {
        void client.invalidateQueries({ queryKey: key });
        return;
      }
      const held = client.getQueryData<InfiniteData<Listing<Job>>>(key)?.pages.flatMap((page) => page.value) ?? [];
      const known = new Set(held.map(({ name }) => name));
      const patch = (fresh: Job[], how: typeof merged) =>
        client.setQueryData<InfiniteData<Listing<Job>>>(key, (data) => data && how(data, fresh));
      // One that has left the list meanwhile, since it was archived, is not brought back.
      void Promise.all(
        names.filter((name) => known.has(name)).map((name) => client.fetchQuery({ ...job(scope, name), staleTime: 0 })),
      ).then(
        (fresh) => patch(fresh, replaced),
        () => undefined,
      );
      // A job that is not here may be new, or be a step of another one.
      const unknown = new Set(names.filter((name) => !known.has(name)));
      if (unknown.size > 0) {
        void json<Listing<Job>>(first).then(
          ({ value }) =>
            patch(
              value.filter(({ name }) => unknown.has(name)),
              merged,
            ),
          () => undefined,
        );
      }
    },
    [client, first, key, scope],
  );
  useChanges(changed);

  const jobs = useMemo(() => pages.data?.pages.flatMap((page) => page.value) ?? [], [pages.data]);
  const runs = useQueries({
    queries: (pages.data?.pages ?? []).map((page, index) => ({
      queryKey: ["joblist-runs", scope, index, page.value.map(({ name, etag }) => `${name}${etag}`)],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        runsOf(
          scope,
          page.value.map(({ name }) => name),
          signal,
        ),
      enabled: page.value.length > 0,
      staleTime: 30_000,
      placeholderData: (before: Run[] | undefined) => before,
    })),
    combine: (results) => new Map(results.flatMap(({ data }) => data ?? []).map((run) => [run.info.run_id, run])),
  });
  return { ...pages, jobs, runs };
}

/** The rows as they are now; their order stays. */
function replaced(data: InfiniteData<Listing<Job>>, fresh: Job[]): InfiniteData<Listing<Job>> {
  const byName = new Map(fresh.map((each) => [each.name, each]));
  const pages = data.pages.map((page) => ({
    ...page,
    value: page.value.map((each) => byName.get(each.name) ?? each),
  }));
  return { ...data, pages };
}

/** The rows as they are now, and before them those that are new: the newest come first. */
function merged(data: InfiniteData<Listing<Job>>, fresh: Job[]): InfiniteData<Listing<Job>> {
  const { pages, ...rest } = replaced(data, fresh);
  const held = new Set(pages.flatMap((page) => page.value).map(({ name }) => name));
  const added = fresh.filter((each) => !held.has(each.name) && !each.properties.parentJobName);
  if (pages[0]) pages[0] = { ...pages[0], value: [...added, ...pages[0].value] };
  return { ...rest, pages };
}
