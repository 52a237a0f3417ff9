/** Flows as assets of the workspace: their resources, and every question the pages ask about them. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { everything, json, nextPath, query, request, type Listing } from "./client";
import type { JobStatus } from "./types";

export type FlowType = "standard" | "chat" | "evaluation";

export interface Template {
  name: string;
  displayName: string;
  description: string;
  type: FlowType;
}

export interface Flow {
  name: string;
  displayName: string | null;
  description: string | null;
  type: FlowType;
  kind: "dag" | "flex" | "prompty";
  entryFile: string;
  tags: Record<string, string>;
  latestVersion: number;
  createdBy: string;
  createdAt: string;
  updatedBy: string;
  updatedAt: string;
  clonedFrom: { workspace: string; flow: string; version: number } | null;
  deployments: { endpoint: string; deployment: string; version: number | null }[];
}

export interface FlowVersion {
  version: number;
  message: string | null;
  createdBy: string;
  createdAt: string;
  changed: string[];
  codeId: string;
  /** The folder of its files, as jobs and deployments take it. */
  uri: string;
}

/** A file as it is written: text, bytes, or, with no content, one that is taken away. */
export type FlowFile = { path: string; content: string | null } | { path: string; contentBase64: string };

export interface FileEntry {
  path: string;
  size: number;
  sha256: string;
}

export interface GraphProblem {
  code: string;
  message: string;
  path?: string | null;
  line?: number | null;
  node?: string | null;
}

export interface FlowInput {
  name: string;
  type: string;
  default: unknown;
  isChatInput: boolean;
  isChatHistory: boolean;
}

export interface FlowGraph {
  kind: string;
  inputs: FlowInput[];
  problems: GraphProblem[];
}

export interface Tokens {
  prompt: number;
  completion: number;
  total: number;
}

export interface FlowRun {
  job: string;
  flow: string;
  version: number;
  status: JobStatus;
  test: boolean;
  displayName: string | null;
  variant: string | null;
  createdBy: string;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  data: string | null;
  columnMapping: Record<string, string>;
  lines: { total: number | null; completed: number; failed: number };
  metrics: Record<string, number>;
  tokens: Tokens | null;
  cost: number | null;
  error: Failure | null;
  evaluates: string | null;
  /** Nodes that ran once after all lines. */
  aggregations?: NodeRun[];
}

export type Failure = string | { code?: string; message?: string; traceback?: string | null };

export interface FlowLine {
  line: number;
  status: string;
  inputs: Record<string, unknown> | null;
  outputs: Record<string, unknown> | null;
  error: Failure | null;
  startedAt: string | null;
  seconds: number | null;
  tokens: Tokens | null;
}

export interface NodeRun {
  node: string;
  status: string;
  inputs: unknown;
  output: unknown;
  error: Failure | null;
  startedAt: string | null;
  seconds: number | null;
  tokens: Tokens | null;
  cost: number | null;
  logs: string | null;
}

export interface FlowSpan {
  id: string;
  parent: string | null;
  name: string;
  kind: string;
  start: string;
  end: string | null;
  status: string;
  attributes: Record<string, unknown>;
  inputs?: unknown;
  output?: unknown;
  tokens?: Tokens | null;
  cost?: number | null;
}

export interface LineDetail extends FlowLine {
  /** What the flow printed in this line. */
  logs?: string | null;
  nodes: NodeRun[];
  spans: FlowSpan[];
}

export interface FlowDifference {
  from: number;
  to: number;
  files: { path: string; change: "added" | "removed" | "changed"; unified: string | null }[];
}

export interface FlowTest {
  inputs: Record<string, unknown>;
  node?: string;
  nodeInputs?: Record<string, unknown>;
  variant?: string;
  connections?: Record<string, Record<string, string>>;
  files?: FlowFile[];
}

const MOST_RUN_PAGES = 3;
const FOREVER = { staleTime: Infinity } as const;

export const flowPath = (scope: string, flow: string): string => `${scope}/smalt/flows/${encodeURIComponent(flow)}`;
export const versionPath = (scope: string, flow: string, version: number): string =>
  `${flowPath(scope, flow)}/versions/${version}`;
const runPath = (scope: string, job: string) => `${scope}/smalt/flowRuns/${encodeURIComponent(job)}`;
const filePath = (path: string) => path.split("/").map(encodeURIComponent).join("/");

export const messageOf = (failure: Failure | null | undefined): string =>
  typeof failure === "string" ? failure : (failure?.message ?? failure?.code ?? "");

export const templates = (scope: string) =>
  queryOptions({
    queryKey: ["flowTemplates", scope],
    queryFn: ({ signal }) => everything<Template>(`${scope}/smalt/flowTemplates`, signal),
    ...FOREVER,
  });

export const flows = (scope: string, search = "") =>
  queryOptions({
    queryKey: ["flows", scope, "", search],
    queryFn: ({ signal }) => everything<Flow>(`${scope}/smalt/flows${query({ search })}`, signal),
  });

export const flow = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["flows", scope, name, "flow"],
    queryFn: ({ signal }) => json<Flow>(flowPath(scope, name), { signal }),
  });

export const flowVersions = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["flows", scope, name, "versions"],
    queryFn: ({ signal }) => everything<FlowVersion>(`${flowPath(scope, name)}/versions`, signal),
  });

export const flowFiles = (scope: string, name: string, version: number) =>
  queryOptions({
    queryKey: ["flowFiles", scope, name, version],
    queryFn: ({ signal }) => everything<FileEntry>(`${versionPath(scope, name, version)}/files`, signal),
    ...FOREVER,
  });

/** The text of a file of a version; null when it is no text. */
export const flowFile = (scope: string, name: string, version: number, path: string) =>
  queryOptions({
    queryKey: ["flowFile", scope, name, version, path],
    queryFn: async ({ signal }) => {
      const answer = await request(fileAddress(scope, name, version, path), { signal });
      const bytes = await answer.arrayBuffer();
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        return null;
      }
    },
    ...FOREVER,
  });

export const fileAddress = (scope: string, name: string, version: number, path: string): string =>
  `${versionPath(scope, name, version)}/files/${filePath(path)}`;

export const flowGraph = (scope: string, name: string, version: number) =>
  queryOptions({
    queryKey: ["flowGraph", scope, name, version],
    queryFn: ({ signal }) => json<FlowGraph>(`${versionPath(scope, name, version)}/graph`, { signal }),
    ...FOREVER,
  });

export const flowDifference = (scope: string, name: string, from: number, to: number) =>
  queryOptions({
    queryKey: ["flowDifference", scope, name, from, to],
    queryFn: ({ signal }) => json<FlowDifference>(`${versionPath(scope, name, to)}/diff${query({ from })}`, { signal }),
    ...FOREVER,
  });

export const flowRuns = (scope: string, name: string, tests = false) =>
  queryOptions({
    queryKey: ["jobs", scope, "", "flowRuns", name, tests],
    // The newest of them: every job that ends lets an open page ask again.
    queryFn: ({ signal }) =>
      everything<FlowRun>(`${flowPath(scope, name)}/runs${query({ tests, $top: 200 })}`, signal, MOST_RUN_PAGES),
  });

export const flowRun = (scope: string, job: string) =>
  queryOptions({
    queryKey: ["jobs", scope, job, "flowRun"],
    queryFn: ({ signal }) => json<FlowRun>(runPath(scope, job), { signal }),
  });

export const flowLines = (scope: string, job: string, status: string) =>
  infiniteQueryOptions({
    queryKey: ["jobs", scope, job, "flowLines", status],
    queryFn: ({ pageParam, signal }) => json<Listing<FlowLine>>(pageParam, { signal }),
    initialPageParam: `${runPath(scope, job)}/lines${query({ status, $top: 200 })}`,
    getNextPageParam: (page) => nextPath(page),
  });

export const flowLine = (scope: string, job: string, line: number) =>
  queryOptions({
    queryKey: ["jobs", scope, job, "flowLine", line],
    queryFn: ({ signal }) => json<LineDetail>(`${runPath(scope, job)}/lines/${line}`, { signal }),
  });

export const flowComparison = (scope: string, jobs: readonly string[]) =>
  queryOptions({
    queryKey: ["jobs", scope, "", "flowComparison", jobs],
    queryFn: ({ signal }) => {
      const names = new URLSearchParams(jobs.map((job) => ["jobs", job]));
      return json<{ value: FlowRun[]; metrics: Record<string, (number | null)[]> }>(
        `${scope}/smalt/flowRuns/compare?${names}`,
        { signal },
      );
    },
    enabled: jobs.length > 0,
  });

export async function startTest(scope: string, name: string, version: number, test: FlowTest): Promise<string> {
  const answer = await json<{ job: string }>(`${versionPath(scope, name, version)}/tests`, {
    method: "POST",
    body: test,
  });
  return answer.job;
}
