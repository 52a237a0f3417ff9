/** Questions about the model catalog. What they tell changes when a model is registered, so they stand under models. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { endpointKey } from "./endpoints";
import { everything, json, query } from "./client";
import type { Resource } from "./types";

export interface Needs {
  disk: number;
  memory: number;
  gpuMemory: number;
  fineTuningMemory: number;
}

export interface CardProperties {
  registry: string;
  displayName?: string;
  summary?: string;
  description?: string;
  evaluation?: string;
  publisher?: string;
  license?: string;
  licenseUrl?: string;
  isGated: boolean;
  isFeatured: boolean;
  huggingFaceId?: string;
  inferenceTasks: string[];
  fineTuningTasks: string[];
  capabilities: string[];
  languages: string[];
  inputModalities: string[];
  outputModalities: string[];
  parameters?: number;
  contextWindow?: number;
  maxOutputTokens?: number;
  trainingDataDate?: string;
  fineTuningDefaults: Record<string, string>;
  benchmarks: Record<string, number | string>;
  connection?: string;
  needs: Needs | null;
  deployments: string[];
  /** The asset with its weights; told of one card only. */
  model?: string | null;
  licenseAcceptedBy?: string | null;
  licenseAcceptedAt?: string | null;
}

export type Card = Pick<Resource<CardProperties>, "id" | "name" | "properties">;

export type Facet = "task" | "publisher" | "license" | "capability" | "deployment" | "fineTuningTask" | "registry";

export interface Cards {
  value: Card[];
  facets: Record<Facet, Record<string, number>>;
  total: number;
}

export interface ServerlessProperties {
  authMode: string;
  provisioningState: string;
  endpointState: string;
  modelSettings: { modelId: string };
  inferenceEndpoint?: { uri: string };
  error?: { message: string };
}

export type ServerlessEndpoint = Resource<ServerlessProperties>;

export const cardPath = (scope: string, name: string) => `${scope}/smalt/modelCards/${encodeURIComponent(name)}`;
export const serverlessPath = (scope: string, name: string) =>
  `${scope}/serverlessEndpoints/${encodeURIComponent(name)}`;

export const cards = (scope: string, wanted: Record<string, string | undefined>) =>
  queryOptions({
    queryKey: ["models", scope, "", "catalog", wanted],
    queryFn: ({ signal }) => json<Cards>(`${scope}/smalt/modelCards${query(wanted)}`, { signal }),
    placeholderData: keepPreviousData,
  });

export const card = (scope: string, name: string) =>
  queryOptions({
    queryKey: ["models", scope, name, "card"],
    queryFn: ({ signal }) => json<Card>(cardPath(scope, name), { signal }),
  });

export const serverlessEndpoints = (scope: string) =>
  queryOptions({
    queryKey: endpointKey(scope, "serverless"),
    queryFn: ({ signal }) => everything<ServerlessEndpoint>(`${scope}/serverlessEndpoints`, signal),
  });
