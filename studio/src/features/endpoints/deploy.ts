/** What a wizard has gathered, and how it becomes an endpoint with a deployment. */
import { json, request } from "../../api/client";
import { batchPath, onlinePath } from "../../api/endpoints";
import { uploadCode, type Picked, type Progress } from "../../api/uploads";
import { withoutRoot } from "../../ui/FilePicker";

export interface Plan {
  kind: "online" | "batch";
  endpoint: string;
  isNew: boolean;
  authMode: string;
  deployment: string;
  /** The id of a version of a model. */
  model: string;
  /** Without one the model itself says how it is scored: MLflow models, and folders of flows. */
  script?: { files: readonly Picked[]; name: string; environment: string };
  instances: number;
  timeoutSeconds: number;
  concurrency: number;
  takesAll: boolean;
  compute: string;
  miniBatch: number;
}

type Properties = Record<string, unknown>;

export async function deploy(scope: string, plan: Plan, onProgress?: (progress: Progress) => void): Promise<void> {
  const code: Properties = {};
  if (plan.script) {
    const codeId = await uploadCode(scope, withoutRoot(plan.script.files).files, onProgress);
    code.codeConfiguration = { codeId, scoringScript: plan.script.name };
    code.environmentId = plan.script.environment;
  }
  await (plan.kind === "online" ? deployOnline(scope, plan, code) : deployBatch(scope, plan, code));
}

async function deployOnline(scope: string, plan: Plan, code: Properties): Promise<void> {
  const path = onlinePath(scope, plan.endpoint);
  if (plan.isNew) {
    const properties = { authMode: plan.authMode, traffic: {}, properties: {} };
    await request(path, { method: "PUT", body: { location: "local", kind: "Managed", tags: {}, properties } });
  }
  const properties = {
    endpointComputeType: "Managed",
    model: plan.model,
    requestSettings: {
      requestTimeout: `PT${plan.timeoutSeconds}S`,
      maxConcurrentRequestsPerInstance: plan.concurrency,
    },
    ...code,
  };
  const body = { location: "local", sku: { name: "Default", capacity: plan.instances }, tags: {}, properties };
  await json(`${path}/deployments/${encodeURIComponent(plan.deployment)}`, { method: "PUT", body });
  if (plan.takesAll) {
    const traffic = { [plan.deployment]: 100 };
    await request(path, { method: "PATCH", body: { properties: { traffic, mirrorTraffic: {} } } });
  }
}

async function deployBatch(scope: string, plan: Plan, code: Properties): Promise<void> {
  const path = batchPath(scope, plan.endpoint);
  if (plan.isNew) {
    const properties = { authMode: "AADToken", properties: {} };
    await request(path, { method: "PUT", body: { location: "local", tags: {}, properties } });
  }
  const properties = {
    model: { referenceType: "Id", assetId: plan.model },
    compute: plan.compute,
    miniBatchSize: plan.miniBatch,
    resources: { instanceCount: plan.instances },
    ...code,
  };
  const body = { location: "local", tags: {}, properties };
  await json(`${path}/deployments/${encodeURIComponent(plan.deployment)}`, { method: "PUT", body });
  if (plan.takesAll) {
    const defaults = { deploymentName: plan.deployment };
    await request(path, { method: "PATCH", body: { properties: { defaults } } });
  }
}
