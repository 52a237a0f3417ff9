/** Pipelines somebody works on here. They are kept in this browser, for this workspace, until they are removed. */

export type Kind = "job" | "component";
export type Places = Record<string, Record<string, { x: number; y: number }>>;

export interface Draft {
  id: string;
  kind: Kind;
  name: string;
  text: string;
  /** Where somebody has put nodes, by the way to their pipeline and their name. */
  places: Places;
  /** YAML files that were opened along with it, by their path: components that are not registered. */
  files: Record<string, string>;
  /** The path of its own file among them. */
  path: string;
  changedAt: number;
  /** Where the workspace keeps it: the file, which version of it is the base of this draft, and its text there. */
  shared?: { path: string; etag: string; text: string };
}

const keyOf = (scope: string, id: string): string => `smalt.draft.${scope}.${id}`;

export function drafts(scope: string): Draft[] {
  const prefix = keyOf(scope, "");
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => find(scope, key.slice(prefix.length)))
    .filter((each) => each !== undefined)
    .sort((one, other) => other.changedAt - one.changedAt);
}

export function find(scope: string, id: string): Draft | undefined {
  const kept = localStorage.getItem(keyOf(scope, id));
  if (kept === null) return undefined;
  try {
    return JSON.parse(kept) as Draft;
  } catch {
    return undefined;
  }
}

/** Raises what the browser raises when it has no room left. */
export function keep(scope: string, draft: Draft): void {
  localStorage.setItem(keyOf(scope, draft.id), JSON.stringify(draft));
}

export const remove = (scope: string, id: string): void => localStorage.removeItem(keyOf(scope, id));

export function made(values: Partial<Draft> & { name: string; text: string }): Draft {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte % 36).toString(36)).join("");
  return { id, kind: "job", places: {}, files: {}, path: "pipeline.yml", changedAt: Date.now(), ...values };
}

export const EMPTY = `$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: New pipeline
jobs: {}
`;
