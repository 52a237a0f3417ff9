/** From a version of a flow to a deployment that answers: a model of its files, an endpoint, a deployment, traffic. */
import { ApiError, json } from "../../api/client";
import type { FlowVersion } from "../../api/flows";
import type { Resource } from "../../api/types";

export const AUTH_MODES = ["Key", "AMLToken", "AADToken"];

interface EndpointProperties {
  authMode: string;
  traffic?: Record<string, number>;
  scoringUri?: string;
  [more: string]: unknown;
}

export type Endpoint = Resource<EndpointProperties>;
type Deployment = Resource<{ provisioningState: string }>;
type Model = Resource<{ modelUri: string }>;

export interface Plan {
  endpoint: string;
  isNew: boolean;
  authMode: string;
  deployment: string;
  version: number;
  instances: number;
  takesAllTraffic: boolean;
}

export interface Progress {
  model?: string;
  endpoint?: string;
  state?: string;
  address?: string;
}

const PAUSE_MS = 1500;
const PENDING = new Set(["Creating", "Updating", "Scaling"]);

/** Do what was planned, and tell how far it has come. What is there already is used. */
export async function deploy(
  scope: string,
  flow: string,
  version: FlowVersion,
  plan: Plan,
  tell: (progress: Progress) => void,
): Promise<void> {
  const model = await modelOf(scope, flow, version);
  const progress: Progress = { model: `${flow}:${version.version}` };
  tell({ ...progress });
  const endpointPath = `${scope}/onlineEndpoints/${encodeURIComponent(plan.endpoint)}`;
  if (plan.isNew) {
    const properties = { authMode: plan.authMode, properties: {} };
    await json(endpointPath, { method: "PUT", body: { location: "local", properties } });
  }
  tell({ ...progress, endpoint: plan.endpoint });
  const path = `${endpointPath}/deployments/${encodeURIComponent(plan.deployment)}`;
  const body = {
    location: "local",
    sku: { name: "Default", capacity: plan.instances },
    properties: { endpointComputeType: "Managed", model },
  };
  let deployment = await json<Deployment>(path, { method: "PUT", body });
  while (PENDING.has(deployment.properties.provisioningState)) {
    tell({ ...progress, endpoint: plan.endpoint, state: deployment.properties.provisioningState });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    deployment = await json<Deployment>(path);
  }
  const endpoint = await json<Endpoint>(endpointPath);
  const { provisioningState: state } = deployment.properties;
  if (state === "Succeeded" && plan.takesAllTraffic) {
    await json(endpointPath, { method: "PATCH", body: { properties: { traffic: { [plan.deployment]: 100 } } } });
  }
  tell({ ...progress, endpoint: plan.endpoint, state, address: endpoint.properties.scoringUri });
}

/** The model that is this version's folder. A name that something else has taken is not touched. */
async function modelOf(scope: string, flow: string, version: FlowVersion): Promise<string> {
  const path = `${scope}/models/${encodeURIComponent(flow)}/versions/${version.version}`;
  const found = await json<Model>(path).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  });
  if (found && found.properties.modelUri.endsWith(version.uri.split("/paths/").at(-1) ?? "")) return found.id;
  const other = found ? `${scope}/models/${encodeURIComponent(`${flow}-flow`)}/versions/${version.version}` : path;
  const body = { properties: { modelType: "custom_model", modelUri: version.uri } };
  return (await json<Model>(other, { method: "PUT", body })).id;
}
