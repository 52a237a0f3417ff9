/** What this browser has set going: kept until it has ended, and told then. */
import { onWritten } from "../api/client";

export interface Going {
  /** `job` or `deployment`. */
  kind: "job" | "deployment";
  scope: string;
  /** A job; or an endpoint and a deployment, parted by a slash. */
  name: string;
  title: string;
  at: number;
  /** How it ended; none while it goes on. */
  ended?: string;
  isSeen?: boolean;
}

const KEY = "smalt.activity";
const CHANGED = "smalt:activity";
const MOST = 40;
const JOB = /^(\/subscriptions\/.+\/workspaces\/[^/]+)\/jobs\/([^/?]+)$/i;
const DEPLOYMENT = /^(\/subscriptions\/.+\/workspaces\/[^/]+)\/onlineEndpoints\/([^/]+)\/deployments\/([^/?]+)$/i;

export function activity(): Going[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Going[];
  } catch {
    return [];
  }
}

export function keepActivity(next: readonly Going[]): void {
  localStorage.setItem(KEY, JSON.stringify(next.slice(0, MOST)));
  window.dispatchEvent(new Event(CHANGED));
}

/** Be told when there is something else to tell, here or in another tab, until the returned function is called. */
export function onActivity(listener: () => void): () => void {
  window.addEventListener(CHANGED, listener);
  window.addEventListener("storage", listener);
  return () => {
    window.removeEventListener(CHANGED, listener);
    window.removeEventListener("storage", listener);
  };
}

function begun(kind: Going["kind"], scope: string, name: string): void {
  const rest = activity().filter((each) => each.kind !== kind || each.name !== name || each.scope !== scope);
  keepActivity([{ kind, scope, name, title: name, at: Date.now() }, ...rest]);
}

/** Notice what takes its time from now on. */
export function watchWrites(): void {
  onWritten((method, path) => {
    if (method !== "PUT" && method !== "PATCH") return;
    const job = JOB.exec(path);
    if (job && method === "PUT") begun("job", job[1], decodeURIComponent(job[2]));
    const deployment = DEPLOYMENT.exec(path);
    if (deployment) {
      begun("deployment", deployment[1], `${decodeURIComponent(deployment[2])}/${decodeURIComponent(deployment[3])}`);
    }
  });
}
