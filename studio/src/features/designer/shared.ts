/** Drafts that the workspace keeps: files in the tree of its people, which all of them see. */
import { queryOptions } from "@tanstack/react-query";
import { folder, writeFile, type FileEntry } from "../../api/notebooks";
import type { Draft } from "./drafts";

/** Where they are. */
const FOLDER = "Designer";
const ENDING = ".draft.json";

/** What of a draft others get: not where it is kept, nor when it was changed here. */
type Content = Pick<Draft, "kind" | "name" | "text" | "places" | "files" | "path">;

const isDraft = ({ type, name }: FileEntry): boolean => type === "file" && name.endsWith(ENDING);

export const titleOf = (file: string): string => file.slice(0, -ENDING.length);

export function contentOf({ kind, name, text, places, files, path }: Draft): string {
  return JSON.stringify({ kind, name, text, places, files, path } satisfies Content, null, 1);
}

/** What a file holds, or null where it holds no draft. */
export function read(text: string | null): Content | null {
  try {
    const found = JSON.parse(text ?? "") as Partial<Content> | null;
    if (typeof found?.text !== "string" || typeof found.name !== "string") return null;
    return { kind: "job", places: {}, files: {}, path: "pipeline.yml", ...found, name: found.name, text: found.text };
  } catch {
    return null;
  }
}

/** Every draft of the workspace; none where nobody has kept one. */
export const sharedDrafts = (scope: string) =>
  queryOptions({
    queryKey: ["notebookFiles", scope, FOLDER, "drafts"],
    queryFn: async ({ signal }): Promise<FileEntry[]> => {
      // The folder comes with the first draft.
      const { value: above } = await folder(scope, "", signal);
      if (!above.some(({ name, type }) => name === FOLDER && type === "folder")) return [];
      return (await folder(scope, FOLDER, signal)).value.filter(isDraft);
    },
  });

/** Keep a draft for the workspace; refused when somebody else has kept another one in between. */
export async function share(scope: string, draft: Draft): Promise<NonNullable<Draft["shared"]>> {
  const path = draft.shared?.path ?? `${FOLDER}/${fileName(draft)}`;
  const etag = await writeFile(scope, path, contentOf(draft), draft.shared?.etag);
  return { path, etag, text: draft.text };
}

const fileName = ({ name, id }: Draft): string =>
  `${
    name
      .replace(/[^\p{L}\p{N} _.-]+/gu, " ")
      .trim()
      .slice(0, 80) || "pipeline"
  } ${id.slice(0, 4)}${ENDING}`;
