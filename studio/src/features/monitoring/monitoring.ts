import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { everything, json, query } from "../../api/client";
import type { Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import type { Schedule } from "../manage/schedules";

export type State = "running" | "healthy" | "breached" | "failed";

export interface SignalRun {
  type: string;
  state?: State;
  alert?: boolean;
  breaches?: number;
  values?: number;
  production_rows?: number;
  reference_rows?: number;
  notes?: string[];
  histograms?: string[];
  reason?: string;
}

export interface MonitorRun {
  jobName: string;
  scheduledTime: string;
  readTime: string | null;
  state: State;
  signals: Record<string, SignalRun>;
}

export interface Monitor {
  name: string;
  displayName: string;
  description: string | null;
  isEnabled: boolean;
  nextRunTime: string | null;
  target: string | null;
  signals: Record<string, { type: string; alertEnabled: boolean }>;
  lastRun: MonitorRun | null;
}

export interface Value {
  signal: string;
  feature: string;
  metric: string;
  value: number | null;
  threshold: number | null;
  breached: boolean;
}

export interface Alert {
  channel: string;
  target: string;
  state: string;
  attempts: number;
  error: string | null;
}

export type Point = Value & { jobName: string; scheduledTime: string };

export interface Distribution {
  kind: string;
  labels: string[];
  edges: number[] | null;
  reference: number[];
  production: number[];
}

export const TYPES: Record<string, Message> = {
  data_drift: "Data drift",
  prediction_drift: "Prediction drift",
  data_quality: "Data quality",
  feature_attribution_drift: "Feature attribution drift",
  model_performance: "Model performance",
  generation_safety_quality: "Quality of generated answers",
  generation_token_statistics: "Token statistics",
  custom: "Own component",
};

const root = (scope: string, ...words: string[]) =>
  [`${scope}/smalt/monitors`, ...words.map((word) => encodeURIComponent(word))].join("/");

export const monitors = (scope: string) =>
  queryOptions({
    queryKey: ["monitors", scope, ""],
    queryFn: ({ signal }) => everything<Monitor>(root(scope), signal),
  });

export const monitor = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["monitors", scope, name],
    queryFn: ({ signal }) => json<Monitor>(root(scope, name), { signal }),
  });

export const runs = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["monitors", scope, name, "runs"],
    queryFn: async ({ signal }) => (await json<{ value: MonitorRun[] }>(root(scope, name, "runs"), { signal })).value,
  });

export const run = (scope: string, name: string, job: string) =>
  queryOptions({
    queryKey: ["monitors", scope, name, "runs", job],
    queryFn: ({ signal }) =>
      json<MonitorRun & { values: Value[]; alerts: Alert[] }>(root(scope, name, "runs", job), { signal }),
  });

export const series = (scope: string, name: string, signal: string) =>
  queryOptions({
    queryKey: ["monitors", scope, name, "series", signal],
    queryFn: async (context) =>
      (await json<{ value: Point[] }>(`${root(scope, name, "series")}${query({ signal })}`, { signal: context.signal }))
        .value,
  });

export const distribution = (scope: string, name: string, job: string, signal: string, feature: string) =>
  queryOptions({
    queryKey: ["monitors", scope, name, "runs", job, "histogram", signal, feature],
    queryFn: (context) =>
      json<Distribution>(`${root(scope, name, "runs", job, "histogram")}${query({ signal, feature })}`, {
        signal: context.signal,
      }),
  });

/** What is done with a monitor as the schedule it is. */
export function useMonitor(name: string) {
  const scope = useScope();
  const client = useQueryClient();
  const path = `${scope}/schedules/${encodeURIComponent(name)}`;
  const onSettled = () => client.invalidateQueries({ queryKey: ["monitors", scope] });
  const enable = useMutation({
    mutationFn: async (isEnabled: boolean) => {
      const schedule = await json<Schedule>(path);
      return json<Schedule>(path, { method: "PUT", body: { properties: { ...schedule.properties, isEnabled } } });
    },
    onSettled,
  });
  const runNow = useMutation({
    mutationFn: () => json(`${path}/trigger`, { method: "POST", body: {} }),
    onSettled,
  });
  return { enable, runNow };
}
