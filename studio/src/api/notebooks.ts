/** Files of the workspace's people, sessions of notebooks, and every question the pages ask about them. */
import { queryOptions } from "@tanstack/react-query";
import { json, query, request } from "./client";

export interface FileEntry {
  name: string;
  path: string;
  type: "file" | "folder";
  size: number;
  modifiedAt: string;
  etag: string | null;
}

export interface Folder {
  value: FileEntry[];
  isComplete: boolean;
  /** The folder of the person who looks. */
  home: string;
}

export interface NotebookSession {
  name: string;
  path: string;
  owner: string;
  isMine: boolean;
  environment: string;
  compute: string | null;
  startedAt: string;
  status: string;
  isActive: boolean;
}

/** What a cell puts out, as a notebook keeps it. */
export interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: Record<string, unknown>;
  traceback?: string[];
  ename?: string;
  evalue?: string;
  execution_count?: number | null;
}

export type CellStatus = "queued" | "running" | "ok" | "error" | "aborted";

export interface CellRun {
  status: CellStatus;
  executionCount: number | null;
  outputs: Output[];
  startedAt?: number;
  endedAt?: number;
}

export interface Question {
  cell: string;
  prompt: string;
  password: boolean;
}

export type KernelState = "starting" | "idle" | "busy" | "restarting" | "ended";

/** What a session tells: the whole state first, then each change. */
export type SessionEvent =
  | {
      type: "state";
      kernel: KernelState;
      python: string;
      cells: Record<string, CellRun>;
      input: Question | null;
    }
  | { type: "waiting"; status: string }
  | { type: "over"; status: string; error: string | null; cells: Record<string, CellRun> }
  | { type: "kernel"; kernel: KernelState }
  | { type: "queued" | "started" | "clear"; cell: string }
  | { type: "count"; cell: string; executionCount: number }
  | { type: "output"; cell: string; at: number; output: Output }
  | { type: "append" | "tail"; cell: string; at: number; text: string }
  | {
      type: "finished";
      cell: string;
      status: CellStatus;
      executionCount: number | null;
      startedAt: number | null;
      endedAt: number;
    }
  | ({ type: "input" } & Question)
  | { type: "answered" };

export interface Variable {
  name: string;
  type: string;
  shape: string;
  value: string;
}

export interface SavedFile {
  text: string | null;
  etag: string;
}

export const ENVIRONMENT = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest";

const root = (scope: string): string => `${scope}/smalt/notebooks`;
const parts = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const filePath = (scope: string, path: string): string => `${root(scope)}/files/${parts(path)}`;
export const folderPath = (scope: string, path: string): string => `${root(scope)}/folders/${parts(path)}`;
export const archivePath = (scope: string, path: string): string => `${root(scope)}/archives/${parts(path)}`;
export const sessionPath = (scope: string, session: string, word = ""): string =>
  `${root(scope)}/sessions/${encodeURIComponent(session)}${word && `/${word}`}`;

export const folder = (scope: string, path: string, signal?: AbortSignal) =>
  json<Folder>(`${root(scope)}/entries${query({ path })}`, { signal });

export const entries = (scope: string, path: string) =>
  queryOptions({
    queryKey: ["notebookFiles", scope, path, "entries"],
    queryFn: ({ signal }) => folder(scope, path, signal),
  });

/** A file as text; null when it is none. */
export async function readFile(scope: string, path: string, signal?: AbortSignal): Promise<SavedFile> {
  const answer = await request(filePath(scope, path), { signal });
  const bytes = await answer.arrayBuffer();
  const etag = (answer.headers.get("etag") ?? "").replaceAll('"', "");
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), etag };
  } catch {
    return { text: null, etag };
  }
}

export const file = (scope: string, path: string) =>
  queryOptions({
    queryKey: ["notebookFiles", scope, parentOf(path), "file", path],
    queryFn: ({ signal }) => readFile(scope, path, signal),
  });

/** Save a file: a new one without an ETag. */
export async function writeFile(scope: string, path: string, content: Blob | string, etag?: string): Promise<string> {
  const headers = etag === undefined ? undefined : { "If-Match": `"${etag}"` };
  const saved = await json<FileEntry>(filePath(scope, path), { method: "PUT", content, headers });
  return saved.etag ?? "";
}

export const changeFiles = (scope: string, verb: "move" | "copy", source: string, target: string) =>
  json<FileEntry>(`${root(scope)}/${verb}`, { method: "POST", body: { source, target } });

/** The session of a notebook that belongs to whoever looks, or null. */
export const ownSession = (scope: string, path: string) =>
  queryOptions({
    queryKey: ["jobs", scope, "", "notebookSession", path],
    queryFn: async ({ signal }) => {
      const found = await json<{ value: NotebookSession[] }>(
        `${root(scope)}/sessions${query({ path, mine: true, active: true })}`,
        { signal },
      );
      return found.value[0] ?? null;
    },
  });

export const startSession = (scope: string, path: string, environment: string, compute: string | null) =>
  json<NotebookSession>(`${root(scope)}/sessions`, { method: "POST", body: { path, environment, compute } });

export const ask = <T>(scope: string, session: string, word: string, body: unknown = {}) =>
  json<T>(sessionPath(scope, session, word), { method: "POST", body });

export interface RunWish {
  path: string;
  inputs: Record<string, string>;
  job: { environment?: string; compute?: string; displayName?: string; queueSettings?: { priority: number } };
}

export const runAsJob = (scope: string, wish: RunWish) =>
  json<{ job: string }>(`${root(scope)}/runs`, { method: "POST", body: wish });

/** The job that a file becomes, for a schedule. */
export const prepareJob = (scope: string, wish: RunWish) =>
  json<{ properties: Record<string, unknown> }>(`${root(scope)}/runs/prepare`, { method: "POST", body: wish });
