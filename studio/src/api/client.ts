/** Calls to the server this page came from. The session is in a cookie; writes carry the word that belongs to it. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Session {
  id: string;
  name: string;
  csrfToken: string;
}

let csrfToken = "";
let onSignedOut: () => void = () => undefined;

let onWrite: (method: string, path: string) => void = () => undefined;

/** Be told of every write that the server has taken. */
export function onWritten(listener: typeof onWrite): void {
  onWrite = listener;
}

export function useSession(session: Session | null, signedOut: () => void): void {
  csrfToken = session?.csrfToken ?? "";
  onSignedOut = signedOut;
}

export interface Call {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  content?: Blob | string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** The answer to a call, whatever it holds. Raises an ApiError with the server's own words. */
export async function request(path: string, call: Call = {}): Promise<Response> {
  const method = call.method ?? "GET";
  const headers: Record<string, string> = { ...call.headers };
  if (call.body !== undefined) headers["content-type"] = "application/json";
  const isWrite = method !== "GET" && method !== "HEAD";
  if (isWrite) headers["x-csrf-token"] = csrfToken;
  const body = call.body === undefined ? call.content : JSON.stringify(call.body);
  const answer = await fetch(path, { method, headers, body, signal: call.signal, credentials: "same-origin" });
  if (answer.ok) {
    if (isWrite) onWrite(method, path);
    return answer;
  }
  const error = await failure(answer);
  if (answer.status === 401 && !path.startsWith("/studio/session")) onSignedOut();
  throw error;
}

export async function json<T>(path: string, call: Call = {}): Promise<T> {
  const answer = await request(path, call);
  const text = await answer.text();
  return (text ? JSON.parse(text) : {}) as T;
}

async function failure(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    const body = JSON.parse(text) as { error?: { code?: string; message?: string }; message?: string };
    const message = body.error?.message ?? body.message ?? answer.statusText;
    return new ApiError(answer.status, body.error?.code ?? String(answer.status), message);
  } catch {
    return new ApiError(answer.status, String(answer.status), text.slice(0, 300) || answer.statusText);
  }
}

export interface Listing<T> {
  value: T[];
  nextLink?: string;
}

/** The path of the page after this one. */
export function nextPath(listing: Listing<unknown>): string | undefined {
  if (!listing.nextLink) return undefined;
  const url = new URL(listing.nextLink);
  return url.pathname + url.search;
}

/** Every item of a list that is short enough to be held whole; at most `pages` pages. */
export async function everything<T>(path: string, signal?: AbortSignal, pages = 20): Promise<T[]> {
  const found: T[] = [];
  let next: string | undefined = path;
  for (let page = 0; next !== undefined && page < pages; page += 1) {
    const listing: Listing<T> = await json<Listing<T>>(next, { signal });
    found.push(...listing.value);
    next = nextPath(listing);
  }
  return found;
}

export function query(values: Record<string, string | number | boolean | undefined>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== "" && value !== false);
  const text = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return text ? `?${text}` : "";
}
