/** Resources as the server shows them. What is written of them is described by the generated types. */
import type { components } from "./schema";

export type Written = components["schemas"];

export interface SystemData {
  createdAt: string;
  createdBy: string;
  lastModifiedAt: string;
  lastModifiedBy: string;
}

export interface Resource<P> {
  id: string;
  name: string;
  type: string;
  etag?: string;
  tags?: Record<string, string>;
  properties: P;
  systemData: SystemData;
}

export type JobStatus =
  | "NotStarted"
  | "Starting"
  | "Provisioning"
  | "Preparing"
  | "Queued"
  | "Running"
  | "Finalizing"
  | "CancelRequested"
  | "Completed"
  | "Failed"
  | "Canceled";

export interface JobPort {
  jobInputType?: string;
  jobOutputType?: string;
  value?: string;
  uri?: string;
  assetName?: string;
  mode?: string;
}

type Document = { [key: string]: unknown };

export interface JobProperties extends Document {
  description: string | null;
  tags: Record<string, string>;
  properties: Record<string, string>;
  jobType: string;
  displayName: string;
  experimentName: string;
  computeId?: string;
  status: JobStatus;
  isArchived: boolean;
  parentJobName: string | null;
  inputs?: Record<string, JobPort>;
  outputs?: Record<string, JobPort>;
  command?: string;
  codeId?: string;
  environmentId?: string;
  environmentVariables?: Record<string, string>;
  /** `jobTier` chooses nothing here; a priority of 1 (low) to 3 (high) is a place in line. */
  queueSettings?: { jobTier?: string; priority?: number };
  error?: { code?: string; message?: string };
}

export type Job = Resource<JobProperties>;

export interface Reuse {
  reused: boolean;
  reason: string | null;
  from: string | null;
}

export interface Step {
  name: string;
  type: string;
  displayName: string;
  status: string;
  job: string | null;
  needs?: string[];
  startedAt: string | null;
  durationSeconds: number | null;
  error: string | { message?: string } | null;
  attempt: number;
  reuse: Reuse;
  iterations: (Step & { iteration: number })[];
  steps: Step[];
}

export interface Graph {
  name: string;
  status: string;
  steps: Step[];
}

export interface Trial {
  name: string;
  status: string;
  value: number | string | null;
  hyperparameters: Record<string, unknown>;
  reason: string | null;
  isBest: boolean;
}

export interface Trials {
  value: Trial[];
  primaryMetric: string;
  goal: string;
}

export interface Lineage {
  job: string;
  parent: string | null;
  children: string[];
  code: string | null;
  environment: string | null;
  compute: string | null;
  inputs: Record<string, { uri: string | null; assetId: string | null }>;
  outputs: Record<string, { uri: string | null; assetId: string | null }>;
  artifacts: string;
  assets: string[];
}

export interface Run {
  info: {
    run_id: string;
    run_name: string;
    experiment_id: string;
    user_id: string;
    status: string;
    start_time?: number;
    end_time?: number;
  };
  data: {
    metrics?: { key: string; value: number; timestamp: number; step: number }[];
    params?: { key: string; value: string }[];
    tags?: { key: string; value: string }[];
  };
}

export interface Point {
  run_id?: string;
  key: string;
  value: number | string;
  step: number;
  timestamp: number;
}

export interface AssetProperties extends Document {
  description?: string | null;
  tags: Record<string, string>;
  properties: Record<string, string>;
  isArchived: boolean;
  latestVersion?: string;
}

export type Asset = Resource<AssetProperties>;

export type AssetKind = "data" | "models" | "environments" | "components";

export interface StoredFile {
  name: string;
  isFolder: boolean;
  size?: number;
  modifiedAt?: string;
  url?: string;
}

export interface Found {
  kind:
    | "jobs"
    | "onlineEndpoints"
    | "batchEndpoints"
    | "people"
    | "flows"
    | "schedules"
    | "computes"
    | "connections"
    | "traces"
    | "notebookFiles"
    | "datastores"
    | "catalog"
    | AssetKind;
  name: string;
  title: string;
  about: string;
}

export interface Workspace {
  id: string;
  name: string;
  properties: { friendlyName?: string; workspaceId: string };
}

export const ENDED: ReadonlySet<string> = new Set(["Completed", "Failed", "Canceled"]);
