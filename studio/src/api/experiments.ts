/** Experiments over several flows: components that are started as pipeline jobs, and what those have measured. */
import { queryOptions } from "@tanstack/react-query";
import { json } from "./client";
import { someJobs } from "./queries";
import type { Asset, Step } from "./types";

/** On components that are experiments, and on the jobs that were started of them. */
export const TAG = "smalt.flows.experiment";
const MOST_SHOWN = 8;

interface Port {
  type: string;
  default?: unknown;
}

interface Written {
  type: string;
  display_name?: string;
  inputs?: Record<string, unknown>;
}

export interface Experiment {
  name: string;
  version: string;
  description: string | null;
  /** Where rows are by default, by name. */
  data: Record<string, Port>;
  values: Record<string, Port>;
  steps: Step[];
}

/** The newest version of an experiment. */
export const experiment = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["components", scope, name, "experiment"],
    queryFn: async ({ signal }): Promise<Experiment> => {
      const found = await json<Asset>(`${scope}/components/${encodeURIComponent(name)}/labels/latest`, { signal });
      const spec = found.properties.componentSpec as {
        inputs?: Record<string, Port>;
        jobs?: Record<string, Written>;
      };
      const ports = Object.entries(spec.inputs ?? {});
      return {
        name,
        version: found.name,
        description: (found.properties.description as string | null | undefined) ?? null,
        data: Object.fromEntries(ports.filter(([, { type }]) => type.startsWith("uri_"))),
        values: Object.fromEntries(ports.filter(([, { type }]) => !type.startsWith("uri_"))),
        steps: Object.entries(spec.jobs ?? {}).map(([step, written]) => stepOf(step, written)),
      };
    },
  });

/** The newest jobs that were started of it. */
export const startedJobs = (scope: string, name: string) =>
  someJobs(scope, { tag: `${TAG}=${name}`, $top: MOST_SHOWN });

/** A node that was not begun, as the graph of a job has it. */
function stepOf(name: string, { type, display_name, inputs = {} }: Written): Step {
  const needs = [...JSON.stringify(inputs).matchAll(/parent\.jobs\.([\w-]+)\.outputs/g)].map(([, need]) => need);
  return {
    name,
    type,
    displayName: display_name ?? name,
    status: "NotStarted",
    job: null,
    needs: [...new Set(needs)],
    startedAt: null,
    durationSeconds: null,
    error: null,
    attempt: 0,
    reuse: { reused: false, reason: null, from: null },
    iterations: [],
    steps: [],
  };
}
