/** Files of this machine to a version of an asset: a few at a time, big ones in parts. */
import { everything, json, request } from "./client";
import type { Resource, Workspace } from "./types";

const BLOCK_BYTES = 8 * 1024 * 1024;
const LANES = 3;

/** A file, and where it stands below the folder that is uploaded. */
export interface Picked {
  path: string;
  file: File | Blob;
}

export interface Progress {
  done: number;
  total: number;
}

interface Slot {
  blobReferenceForConsumption: { blobUri: string; credential: { sasUri: string } };
}

interface Upload {
  scope: string;
  kind: "data" | "models" | "codes";
  name: string;
  version: string;
  files: readonly Picked[];
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** Upload files; the address of the place below which they stand then. */
export async function upload({ scope, kind, name, version, files, onProgress, signal }: Upload): Promise<string> {
  const path = `${scope}/${kind}/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
  const body = { pendingUploadType: "TemporaryBlobReference" };
  const slot = await json<Slot>(`${path}/startPendingUpload`, { method: "POST", body, signal });
  const { blobUri, credential } = slot.blobReferenceForConsumption;
  const place = new URL(credential.sasUri);
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let done = 0;
  const sent = (bytes: number) => {
    done += bytes;
    onProgress?.({ done, total });
  };
  onProgress?.({ done, total });
  const waiting = [...files];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await send(place, next, sent, signal);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return blobUri;
}

/** Upload a file to the default datastore of a workspace, beside others of its name; its address for jobs. */
export async function uploadToDefault(workspace: Workspace, file: File): Promise<string> {
  const datastores = await everything<Resource<Default>>(`${workspace.id}/datastores?count=1000`);
  const found = datastores.find(({ properties }) => properties.isDefault);
  if (!found) throw new Error("The workspace has no default datastore. Make one of its datastores the default.");
  const own = `/blob/${workspace.properties.workspaceId}`;
  // What stands elsewhere the server opens with the datastore's own credentials, which never come here.
  const { accountName = "", containerName } = found.properties;
  const container = accountName.includes(own) ? containerName : `datastore-${found.name}`;
  const path = `LocalUpload/${crypto.randomUUID()}/${file.name}`;
  await send(new URL(`${own}/${container}`, window.location.origin), { path, file }, () => undefined);
  return `azureml://datastores/${found.name}/paths/${path}`;
}

interface Default {
  isDefault: boolean;
  accountName?: string;
  containerName?: string;
}

async function send(place: URL, { path, file }: Picked, sent: (bytes: number) => void, signal?: AbortSignal) {
  const key = path.split("/").map(encodeURIComponent).join("/");
  const address = (more: string) => `${place.pathname}/${key}?${place.search.slice(1)}${more}`;
  if (file.size <= BLOCK_BYTES) {
    const headers = { "x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream" };
    await request(address(""), { method: "PUT", content: file, headers, signal });
    sent(file.size);
    return;
  }
  const blocks: string[] = [];
  for (let start = 0; start < file.size; start += BLOCK_BYTES) {
    const part = file.slice(start, start + BLOCK_BYTES);
    const block = btoa(String(blocks.length).padStart(8, "0"));
    const headers = { "content-type": "application/octet-stream" };
    const more = `&comp=block&blockid=${encodeURIComponent(block)}`;
    await request(address(more), { method: "PUT", content: part, headers, signal });
    blocks.push(block);
    sent(part.size);
  }
  const content = `<BlockList>${blocks.map((block) => `<Latest>${block}</Latest>`).join("")}</BlockList>`;
  const headers = { "content-type": "application/xml" };
  await request(address("&comp=blocklist"), { method: "PUT", content, headers, signal });
}

/** Upload code and register it under a name of its own; its id. */
export async function uploadCode(scope: string, files: readonly Picked[], onProgress?: (progress: Progress) => void) {
  const name = `studio-${crypto.randomUUID()}`;
  const uri = await upload({ scope, kind: "codes", name, version: "1", files: below("code", files), onProgress });
  const body = { properties: { codeUri: `${uri}/code` } };
  return (await json<{ id: string }>(`${scope}/codes/${name}/versions/1`, { method: "PUT", body })).id;
}

/** The files below a folder of this name. */
export const below = (folder: string, files: readonly Picked[]): Picked[] =>
  files.map(({ path, file }) => ({ path: `${folder}/${path}`, file }));

/** The next version that is free; the first of what is not there yet. */
export async function nextVersion(scope: string, kind: string, name: string): Promise<string> {
  const path = `${scope}/${kind}/${encodeURIComponent(name)}`;
  const known = await json<{ value: unknown[] }>(`${path}/versions?listViewType=All&$top=1`);
  if (known.value.length === 0) return "1";
  return (await json<{ properties: { nextVersion?: string } }>(path)).properties.nextVersion ?? "1";
}
