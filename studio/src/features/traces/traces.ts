/** Traces as the server tells of them, and the questions about them. */
import { queryOptions } from "@tanstack/react-query";
import { json, query } from "../../api/client";
import type { Span } from "../../ui/spans";

export interface Tokens {
  prompt: number;
  completion: number;
  total: number;
}

export interface Trace {
  traceId: string;
  name: string;
  kind: string;
  status: "OK" | "ERROR" | "IN_PROGRESS";
  startedAt: string;
  seconds: number | null;
  tokens: Tokens | null;
  cost: number | null;
  session: string | null;
  flow: string | null;
  line: number | null;
  job: string | null;
  /** The batch run of a flow on somebody's machine. */
  run: string | null;
  endpoint: string | null;
  deployment: string | null;
  inputs: string | null;
  output: string | null;
  spanCount: number;
}

export interface TraceSpan extends Span {
  message: string;
  model: string | null;
  attributes: Record<string, unknown>;
  events: { name: string; at: number; attributes: Record<string, unknown> }[];
}

export interface WholeTrace extends Trace {
  spans: TraceSpan[];
}

export interface Figures {
  requests: number;
  errors: number;
  seconds: { p50: number | null; p90: number | null; p99: number | null };
  tokens: Tokens | null;
  cost: number | null;
}

export type TraceFilter = Partial<
  Record<"filter" | "session" | "flow" | "endpoint" | "job" | "status" | "minSeconds", string>
>;

/** The path of a list; what the empty name stands for is looked at again when traces come in. */
export const tracesPath = (scope: string, filter: TraceFilter) =>
  `${scope}/smalt/traces${query({ ...filter, $top: 200 })}`;

export const trace = (scope: string, id: string) =>
  queryOptions({
    queryKey: ["traces", scope, "", id],
    queryFn: ({ signal }) => json<WholeTrace>(`${scope}/smalt/traces/${encodeURIComponent(id)}`, { signal }),
  });

export const figures = <By extends "hour" | "model" | "endpoint">(scope: string, by: By, since: string) =>
  queryOptions({
    queryKey: ["traces", scope, "", "summary", by, since],
    queryFn: async ({ signal }) => {
      const path = `${scope}/smalt/traces/summary${query({ by, from: since })}`;
      return (await json<{ value: (Figures & Record<By, string>)[] }>(path, { signal })).value;
    },
  });

/** Values as people read them: text as it is, everything else as JSON. */
export const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
