/** Questions about endpoints. All stand under one empty name, as what changes is told of all of them at once. */
import { queryOptions } from "@tanstack/react-query";
import { everything, json, query, request } from "./client";
import type { Resource } from "./types";

export type Shares = Record<string, number>;

export interface OnlineEndpointProperties {
  [key: string]: unknown;
  authMode: string;
  description?: string | null;
  provisioningState: string;
  scoringUri: string;
  swaggerUri: string;
  traffic: Shares;
  mirrorTraffic?: Shares;
  properties?: Record<string, string>;
}

export interface Tagged {
  tags: Record<string, string>;
}

export type OnlineEndpoint = Resource<OnlineEndpointProperties> & Tagged;

export interface OnlineDeploymentProperties {
  [key: string]: unknown;
  description?: string | null;
  provisioningState: string;
  model?: string;
  environmentId?: string;
  codeConfiguration?: { codeId?: string; scoringScript?: string };
  environmentVariables?: Record<string, string>;
  scaleSettings?: { scaleType: string; minInstances?: number; maxInstances?: number };
  requestSettings?: { requestTimeout?: string; maxConcurrentRequestsPerInstance?: number; maxQueueWait?: string };
}

export type OnlineDeployment = Resource<OnlineDeploymentProperties> & Tagged & { sku?: { capacity?: number } };

export interface BatchEndpointProperties {
  [key: string]: unknown;
  authMode: string;
  description?: string | null;
  defaults?: { deploymentName?: string | null };
  scoringUri: string;
}

export type BatchEndpoint = Resource<BatchEndpointProperties> & Tagged;

export interface BatchDeploymentProperties {
  [key: string]: unknown;
  description?: string | null;
  model?: { assetId?: string };
  compute?: string;
  miniBatchSize?: number;
  deploymentConfiguration?: { componentId?: { assetId?: string } };
}

export type BatchDeployment = Resource<BatchDeploymentProperties> & Tagged;

export interface Part {
  requests: number;
  errors: number;
  /** Of language models, as far as answers name them. */
  tokens: number;
  p50?: number;
  p95?: number;
  p99?: number;
}

export interface EndpointMetrics {
  from: string;
  to: string;
  secondsEach: number;
  /** Whether all of the stretch is still known. */
  isWhole: boolean;
  deployments: (Part & { name: string; statuses: Record<string, number>; series: Part[] })[];
}

const key = (scope: string, ...rest: unknown[]) => ["endpoints", scope, "", ...rest] as const;
export const endpointKey = key;
export const onlinePath = (scope: string, name: string) => `${scope}/onlineEndpoints/${encodeURIComponent(name)}`;
export const batchPath = (scope: string, name: string) => `${scope}/batchEndpoints/${encodeURIComponent(name)}`;

export const onlineEndpoints = (scope: string) =>
  queryOptions({
    queryKey: key(scope, "online"),
    queryFn: ({ signal }) => everything<OnlineEndpoint>(`${scope}/onlineEndpoints?count=1000`, signal),
  });

export const batchEndpoints = (scope: string) =>
  queryOptions({
    queryKey: key(scope, "batch"),
    queryFn: ({ signal }) => everything<BatchEndpoint>(`${scope}/batchEndpoints?count=1000`, signal),
  });

export const onlineEndpoint = (scope: string, name: string) =>
  queryOptions({
    queryKey: key(scope, "online", name),
    queryFn: ({ signal }) => json<OnlineEndpoint>(onlinePath(scope, name), { signal }),
  });

export const onlineDeployments = (scope: string, name: string) =>
  queryOptions({
    queryKey: key(scope, "online", name, "deployments"),
    queryFn: ({ signal }) => everything<OnlineDeployment>(`${onlinePath(scope, name)}/deployments`, signal),
  });

export const batchEndpoint = (scope: string, name: string) =>
  queryOptions({
    queryKey: key(scope, "batch", name),
    queryFn: ({ signal }) => json<BatchEndpoint>(batchPath(scope, name), { signal }),
  });

export const batchDeployments = (scope: string, name: string) =>
  queryOptions({
    queryKey: key(scope, "batch", name, "deployments"),
    queryFn: ({ signal }) => everything<BatchDeployment>(`${batchPath(scope, name)}/deployments`, signal),
  });

export const endpointMetrics = (scope: string, name: string, minutes: number) =>
  queryOptions({
    queryKey: ["endpointMetrics", scope, name, minutes],
    queryFn: ({ signal }) =>
      json<EndpointMetrics>(`${onlinePath(scope, name)}/metrics${query({ minutes })}`, { signal }),
  });

interface Description {
  info?: Record<string, unknown>;
  components?: { schemas?: { ServiceInput?: { example?: unknown } } };
  paths?: Record<
    string,
    { post?: { requestBody?: { content?: Record<string, { example?: unknown; schema?: Schema }> } } }
  >;
}

interface Schema {
  properties?: Record<string, { type?: string; default?: unknown; example?: unknown }>;
  example?: unknown;
}

/** What an endpoint takes: an example of a request, and whether it can be talked with. */
export interface Taken {
  example: unknown;
  isChat: boolean;
  isFlow: boolean;
  /** Whether it has told anything. */
  isKnown: boolean;
}

/** As the model tells it; nothing where it tells nothing, or no deployment answers. */
export const taken = (scope: string, name: string, deployment: string) =>
  queryOptions({
    queryKey: key(scope, "online", name, "taken", deployment),
    queryFn: async ({ signal }): Promise<Taken> => {
      const path = `${onlinePath(scope, name)}/description${query({ deployment })}`;
      return read((await json<{ openapi: Description | null }>(path, { signal })).openapi);
    },
    retry: false,
  });

function read(told: Description | null): Taken {
  const found = told ?? {};
  const body = found.paths?.["/score"]?.post?.requestBody?.content?.["application/json"];
  const example = found.components?.schemas?.ServiceInput?.example ?? body?.example ?? sample(body?.schema);
  const isFlow = found.info?.["x-flow-name"] !== undefined;
  // A flow says that it is a chat; a language model, where it reads messages.
  const isChat = found.info?.["x-flow-type"] === "chat" || found.paths?.["/chat/completions"] !== undefined;
  return { example, isChat, isFlow, isKnown: told !== null };
}

const EMPTY: Record<string, unknown> = { string: "", integer: 0, number: 0, boolean: false, array: [], object: {} };

function sample(schema: Schema | undefined): unknown {
  if (!schema?.properties) return schema?.example;
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, { type, default: given, example }]) => [
      name,
      given ?? example ?? EMPTY[type ?? "string"] ?? null,
    ]),
  );
}

/** Where a log of a deployment is followed. */
export const logAddress = (scope: string, name: string, deployment: string, containerType: string): string =>
  `${onlinePath(scope, name)}/deployments/${encodeURIComponent(deployment)}/logs${query({ containerType })}`;

/** The ways in which the path of a request below an endpoint may go. */
export const ask = (
  scope: string,
  name: string,
  path: "score" | "v1/chat/completions",
  call: { body: unknown; deployment: string; accept?: string; signal?: AbortSignal },
): Promise<Response> => {
  const headers: Record<string, string> = { accept: call.accept ?? "application/json" };
  if (call.deployment) headers["azureml-model-deployment"] = call.deployment;
  return request(`${onlinePath(scope, name)}/invoke/${path}`, {
    method: "POST",
    body: call.body,
    headers,
    signal: call.signal,
  });
};

/** The events of a stream, as they come. */
export async function* eventsOf(answer: Response): AsyncGenerator<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).trim();
    if (done) return;
  }
}
