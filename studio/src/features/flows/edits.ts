/** Unsaved edits of a flow: what of its files differs from the version they stand on. Kept in this browser. */
import type { FlowFile } from "../../api/flows";

export interface Edits {
  /** The version they stand on. */
  base: number;
  files: Record<string, FlowFile>;
}

const keyOf = (scope: string, flow: string) => `smalt.flow:${scope}/${flow}`;

/** What was kept, or null where there is nothing unsaved. */
export function kept(scope: string, flow: string): Edits | null {
  return read(localStorage.getItem(keyOf(scope, flow)));
}

function read(text: string | null): Edits | null {
  try {
    const found = JSON.parse(text ?? "null") as Edits | null;
    return found && typeof found.base === "number" && typeof found.files === "object" ? found : null;
  } catch {
    return null;
  }
}

/** Keep edits over a reload. False when the browser has no place for them. */
export function keep(scope: string, flow: string, edits: Edits): boolean {
  try {
    if (Object.keys(edits.files).length === 0) localStorage.removeItem(keyOf(scope, flow));
    else localStorage.setItem(keyOf(scope, flow), JSON.stringify(edits));
    return true;
  } catch {
    return false;
  }
}

/** Be told when another tab of this browser edits the same flow. */
export function onKeptElsewhere(scope: string, flow: string, listener: (edits: Edits | null) => void): () => void {
  const heard = (event: StorageEvent) => event.key === keyOf(scope, flow) && listener(read(event.newValue));
  window.addEventListener("storage", heard);
  return () => window.removeEventListener("storage", heard);
}

/** Nothing of a flow's edits is kept any longer. */
export const forget = (scope: string, flow: string): void => localStorage.removeItem(keyOf(scope, flow));

export const isGone = (file: FlowFile | undefined): boolean =>
  file !== undefined && "content" in file && file.content === null;

/** The text of an edit; null for bytes and for what is taken away. */
export const textOf = (file: FlowFile): string | null => ("content" in file ? file.content : null);

/** The files there are: those of the version, with the edits. */
export function pathsOf(saved: readonly string[], files: Record<string, FlowFile>): string[] {
  const all = new Set([...saved, ...Object.keys(files)]);
  return [...all].filter((path) => !isGone(files[path])).sort((one, other) => one.localeCompare(other));
}

/** A file of the person's machine as it is written: text where it is text. */
export async function fileFrom(path: string, blob: Blob): Promise<FlowFile> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes.includes(0)) return { path, contentBase64: base64(bytes) };
  try {
    return { path, content: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { path, contentBase64: base64(bytes) };
  }
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}

/** Whether a path may stand in a flow: relative, without steps upwards. The server says so as well. */
export const isPath = (path: string): boolean =>
  path !== "" && !/^\/|\\|(^|\/)\.{0,2}(\/|$)|[\u0000-\u001f]/.test(path);
