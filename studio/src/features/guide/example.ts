/** The first things that are tried in a workspace: the example of `make demo`, and the chat flow of the gallery. */
import { json } from "../../api/client";
import { someJobs } from "../../api/queries";
import type { Asset, Job } from "../../api/types";
import { below, nextVersion, upload, uploadCode, type Picked } from "../../api/uploads";
import environment from "../../../../examples/demo/environment.yml?raw";
import prepare from "../../../../examples/demo/src/prepare.py?raw";
import train from "../../../../examples/demo/src/train.py?raw";
import answer from "../../../../smalt/flows/gallery/chat/answer.jinja2?raw";
import flow from "../../../../smalt/flows/gallery/chat/flow.dag.yaml?raw";
import { deploy, type Plan } from "../endpoints/deploy";

export const MODEL = "diagnosis";
export const ENDPOINT = "diagnosis";
export const CHAT = "chat";
const TAG = "first-steps";

export const trainings = (scope: string) => someJobs(scope, { tag: TAG, $top: 1 });

const texts = (files: Record<string, string>): Picked[] =>
  Object.entries(files).map(([path, text]) => ({ path, file: new Blob([text]) }));

/** Submit the job that trains; its name. */
export async function trainModel(scope: string): Promise<string> {
  const codeId = await uploadCode(scope, texts({ "prepare.py": prepare, "train.py": train }));
  const image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04";
  const path = `${scope}/environments/demo/versions/${await digest(environment)}`;
  const body = { properties: { image, condaFile: environment } };
  const software = await json<Asset>(path, { method: "PUT", body });
  const name = `first_steps_${crypto.randomUUID().slice(0, 8)}`;
  const properties = {
    jobType: "Command",
    displayName: "Train a diagnosis model",
    experimentName: "demo",
    codeId,
    environmentId: software.id,
    command:
      "python prepare.py --table ${{outputs.table}} && python train.py --table ${{outputs.table}} " +
      "--learning-rate ${{inputs.learning_rate}} --model ${{outputs.model}}",
    inputs: { learning_rate: { jobInputType: "literal", value: "0.01" } },
    outputs: {
      table: { jobOutputType: "uri_file", assetName: "breast-cancer" },
      model: { jobOutputType: "mlflow_model", assetName: MODEL },
    },
    tags: { [TAG]: "train" },
  };
  return (await json<Job>(`${scope}/jobs/${name}`, { method: "PUT", body: { properties } })).name;
}

/** Put the newest model behind an endpoint. */
export async function serveModel(scope: string, isNew: boolean): Promise<void> {
  const latest = await json<Asset>(`${scope}/models/${MODEL}/labels/latest`);
  await deploy(scope, plan(ENDPOINT, latest.id, isNew));
}

/** Register the chat flow as a model, and put it behind an endpoint. */
export async function serveChat(scope: string, isNew: boolean): Promise<void> {
  const version = await nextVersion(scope, "models", CHAT);
  const files = below(CHAT, texts({ "flow.dag.yaml": flow, "answer.jinja2": answer }));
  const base = await upload({ scope, kind: "models", name: CHAT, version, files });
  const properties = { modelType: "custom_model", modelUri: `${base}/${CHAT}`, tags: { [TAG]: "chat" } };
  const path = `${scope}/models/${CHAT}/versions/${version}`;
  const model = await json<Asset>(path, { method: "PUT", body: { properties } });
  await deploy(scope, plan(CHAT, model.id, isNew));
}

const plan = (endpoint: string, model: string, isNew: boolean): Plan => ({
  kind: "online",
  endpoint,
  isNew,
  authMode: "Key",
  deployment: "blue",
  model,
  instances: 1,
  timeoutSeconds: 30,
  concurrency: 4,
  takesAll: true,
  compute: "",
  miniBatch: 1,
});

/** A version that is the same for the same text. */
async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash).slice(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
