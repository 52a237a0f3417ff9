/** Every question the pages ask, with the key under which its answer is kept. Keys begin with what live updates name. */
import { queryOptions } from "@tanstack/react-query";
import { everything, json, query } from "./client";
import type {
  Asset,
  AssetKind,
  Found,
  Graph,
  Job,
  Lineage,
  Point,
  Resource,
  Run,
  StoredFile,
  Trials,
  Workspace,
} from "./types";

const ARM = "/providers/Microsoft.MachineLearningServices";

/** The workspaces the caller may see, in every subscription. */
export const workspaces = queryOptions({
  queryKey: ["workspaces"],
  queryFn: async ({ signal }) => {
    const subscriptions = await everything<{ id: string }>("/subscriptions", signal);
    const found = await Promise.all(
      subscriptions.map((each) => everything<Workspace>(`${each.id}${ARM}/workspaces`, signal)),
    );
    return found.flat();
  },
});

export const job = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["jobs", scope, name, "job"],
    queryFn: ({ signal }) => json<Job>(`${scope}/jobs/${encodeURIComponent(name)}`, { signal }),
  });

export const jobPart = <T>(scope: string, name: string, part: "lineage" | "graph" | "trials") =>
  queryOptions({
    queryKey: ["jobs", scope, name, part],
    queryFn: ({ signal }) => json<T>(`${scope}/jobs/${encodeURIComponent(name)}/${part}`, { signal }),
  });

export const lineage = (scope: string, name: string) => jobPart<Lineage>(scope, name, "lineage");
/** Told of by itself: steps of nested pipelines change without the job. */
export const graph = (scope: string, name: string) =>
  queryOptions({ ...jobPart<Graph>(scope, name, "graph"), queryKey: ["graphs", scope, name] });
export const trials = (scope: string, name: string) => jobPart<Trials>(scope, name, "trials");

export const children = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["jobs", scope, name, "children"],
    queryFn: ({ signal }) =>
      everything<Job>(`${scope}/jobs${query({ parentJobName: name, withoutSteps: true, $top: 1000 })}`, signal, 5),
  });

export const someJobs = (scope: string, values: Record<string, string | number | undefined>) =>
  queryOptions({
    queryKey: ["jobs", scope, "", values],
    queryFn: async ({ signal }) => {
      const path = `${scope}/jobs${query({ ...values, withoutSteps: true })}`;
      return (await json<{ value: Job[] }>(path, { signal })).value;
    },
  });

export const logFiles = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["jobs", scope, name, "logs"],
    queryFn: async ({ signal }) => {
      const path = `/history/v1.0${scope}/runs/${encodeURIComponent(name)}/details`;
      return (await json<{ logFiles: Record<string, string> }>(path, { signal })).logFiles;
    },
  });

const mlflow = (scope: string, path: string) => `/mlflow/v2.0${scope}/api/2.0/mlflow/${path}`;

export const run = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["runs", scope, name],
    queryFn: async ({ signal }) =>
      (await json<{ run: Run }>(mlflow(scope, `runs/get${query({ run_id: name })}`), { signal })).run,
  });

export const experiment = (scope: string, id: string) =>
  queryOptions({
    queryKey: ["experiments", scope, id],
    queryFn: async ({ signal }) => {
      const path = mlflow(scope, `experiments/get${query({ experiment_id: id })}`);
      return (await json<{ experiment: { name: string } }>(path, { signal })).experiment;
    },
  });

/** Runs by their names; those that are not there are left out. */
export async function runsOf(scope: string, names: readonly string[], signal?: AbortSignal): Promise<Run[]> {
  if (names.length === 0) return [];
  const experiments = await json<{ experiments?: { experiment_id: string }[] }>(
    mlflow(scope, "experiments/search?max_results=1000"),
    { signal },
  );
  const quoted = names.map((name) => `'${name.replaceAll("'", "")}'`).join(",");
  const body = {
    experiment_ids: (experiments.experiments ?? []).map((each) => each.experiment_id),
    filter: `attributes.run_id IN (${quoted})`,
    run_view_type: "ALL",
    max_results: names.length,
  };
  return (await json<{ runs?: Run[] }>(mlflow(scope, "runs/search"), { method: "POST", body, signal })).runs ?? [];
}

export const runs = (scope: string, names: readonly string[]) =>
  queryOptions({
    queryKey: ["runs", scope, "", names],
    queryFn: ({ signal }) => runsOf(scope, names, signal),
    enabled: names.length > 0,
  });

export interface Window {
  from?: number;
  to?: number;
}

/** Points of one metric of some runs; of many the server gives the extremes of every few pixels. */
export const points = (scope: string, names: readonly string[], metric: string, window: Window = {}) =>
  queryOptions({
    queryKey: ["runs", scope, names.length === 1 ? names[0] : "", "points", names, metric, window],
    queryFn: async ({ signal }) => {
      const values = new URLSearchParams(names.map((name) => ["run_ids", name]));
      values.set("metric_key", metric);
      values.set("max_results", String(MOST_POINTS));
      if (window.from !== undefined && window.to !== undefined) {
        values.set("start_step", String(Math.floor(window.from)));
        values.set("end_step", String(Math.ceil(window.to)));
      }
      const path = mlflow(scope, `metrics/get-history-bulk-interval?${values}`);
      return (await json<{ metrics?: Point[] }>(path, { signal })).metrics ?? [];
    },
  });

/** Two for each pixel of a chart on a wide screen. */
const MOST_POINTS = 1000;

export const files = (scope: string, uri: string, path = "") =>
  queryOptions({
    queryKey: ["files", scope, uri, path],
    queryFn: ({ signal }) => everything<StoredFile>(`${scope}/smalt/files${query({ uri, path })}`, signal, 3),
  });

export const assets = (scope: string, kind: AssetKind, archived = false) =>
  queryOptions({
    queryKey: [kind, scope, "", archived],
    queryFn: ({ signal }) =>
      everything<Asset>(`${scope}/${kind}${query({ listViewType: archived ? "All" : undefined, $top: 1000 })}`, signal),
  });

export const versions = (scope: string, kind: AssetKind, name: string) =>
  queryOptions({
    queryKey: [kind, scope, name],
    queryFn: ({ signal }) =>
      everything<Asset>(
        `${scope}/${kind}/${encodeURIComponent(name)}/versions${query({ listViewType: "All", $top: 500 })}`,
        signal,
      ),
  });

export const search = (scope: string, text: string) =>
  queryOptions({
    queryKey: ["search", scope, text],
    queryFn: async ({ signal }) =>
      (await json<{ value: Found[] }>(`${scope}/smalt/search${query({ q: text })}`, { signal })).value,
    enabled: text.length > 0,
  });

export const list = <T>(path: string, key: string) =>
  queryOptions({ queryKey: [key, path], queryFn: ({ signal }) => everything<T>(path, signal) });

/** Where jobs can run, besides the machine of the server itself. */
export const computes = <P = object>(scope: string) => list<Resource<P>>(`${scope}/computes`, "computes");
