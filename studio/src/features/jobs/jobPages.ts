import { infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { json, nextPath, query, type Listing } from "../../api/client";
import type { Job } from "../../api/types";

export interface JobFilter {
  q?: string;
  status?: string;
  type?: string;
  experiment?: string;
  schedule?: string;
  view?: string;
}

/** More than fit a screen; fewer are there sooner. */
const FIRST = 50;
const MORE = 100;
/** How long what was asked for ahead counts as what was asked for now. */
const AHEAD_MS = 2000;

/** Where the first page of the jobs that fit is. */
export const firstPage = (scope: string, filter: JobFilter): string =>
  `${scope}/jobs${query({
    search: filter.q,
    status: filter.status,
    jobType: filter.type,
    experimentName: filter.experiment,
    scheduleId: filter.schedule,
    listViewType: filter.view,
    withoutSteps: true,
    $top: FIRST,
  })}`;

/** Jobs, page by page. Whoever shows them keeps them up to date. */
export const jobPages = (scope: string, filter: JobFilter) => {
  const first = firstPage(scope, filter);
  return infiniteQueryOptions({
    queryKey: ["joblist", scope, first],
    queryFn: ({ pageParam, signal }) => json<Listing<Job>>(pageParam, { signal }),
    initialPageParam: first,
    getNextPageParam: (listing) => nextPath(listing)?.replace(`top=${FIRST}`, `top=${MORE}`),
    staleTime: Infinity,
    gcTime: 60_000,
    refetchOnMount: ({ state }) => (Date.now() - state.dataUpdatedAt > AHEAD_MS ? "always" : true),
  });
};

/** Asks for the first rows of the page of jobs, so that they are on their way before it is there. */
export const jobsAhead = (client: QueryClient, scope: string): void =>
  void client.prefetchInfiniteQuery({ ...jobPages(scope, {}), staleTime: AHEAD_MS });
