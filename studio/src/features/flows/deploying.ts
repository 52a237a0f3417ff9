/** From a version of a flow to a deployment that answers: a model of its files, an endpoint, a deployment, traffic. */
import { everything, json } from "../../api/client";
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
  /** What a deployment that did not come up has written. */
  logs?: string;
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
  const logs = state === "Succeeded" ? undefined : await logsOf(path);
  tell({ ...progress, endpoint: plan.endpoint, state, logs, address: endpoint.properties.scoringUri });
}

const logsOf = async (path: string): Promise<string> =>
  (await json<{ content: string }>(`${path}/getLogs`, { method: "POST", body: { tail: 100 } })).content;

/** The model that is this version's folder. A name that something else has taken is not touched. */
async function modelOf(scope: string, flow: string, version: FlowVersion): Promise<string> {
  const path = (name: string) => `${scope}/models/${encodeURIComponent(name)}/versions`;
  const all = await everything<Model>(`${path(flow)}?listViewType=All&$top=500`);
  const found = all.find(({ name }) => name === String(version.version));
  if (found && found.properties.modelUri.endsWith(version.uri.split("/paths/").at(-1) ?? "")) return found.id;
  const free = path(found ? `${flow}-flow` : flow);
  const body = { properties: { modelType: "custom_model", modelUri: version.uri } };
  return (await json<Model>(`${free}/${version.version}`, { method: "PUT", body })).id;
}
