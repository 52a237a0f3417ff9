import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { createContext, use, useEffect, type ReactNode } from "react";
import { follow, type Topic } from "../api/live";
import { workspaces } from "../api/queries";
import type { Workspace } from "../api/types";

const KEY = "smalt.workspace";

/** Whether somebody has seen a workspace with this browser. */
export const wasHere = (): boolean => localStorage.getItem(KEY) !== null;

interface Here {
  workspace: Workspace;
  /** Its ARM id: what every path begins with. */
  scope: string;
  all: Workspace[];
}

const Context = createContext<Here | null>(null);

/** The workspace of this page. */
export function useWorkspace(): Here {
  const found = use(Context);
  if (!found) throw new Error("No workspace is open.");
  return found;
}

export const useScope = (): string => useWorkspace().scope;

/** The workspace that the address names with `wsid`, or the one seen last, or the first. */
export function useChosenWorkspace() {
  const { wsid } = useSearch({ strict: false });
  const found = useQuery(workspaces);
  const wanted = (wsid ?? localStorage.getItem(KEY) ?? "").toLowerCase();
  const all = found.data ?? [];
  const workspace = all.find((each) => each.id.toLowerCase() === wanted) ?? (wsid ? undefined : all[0]);
  return { ...found, workspace, all, wsid };
}

export function WorkspaceProvider({ here, children }: { here: Omit<Here, "scope">; children: ReactNode }) {
  const scope = here.workspace.id;
  const client = useQueryClient();
  useEffect(() => {
    localStorage.setItem(KEY, scope);
    return follow(scope, (topics) => {
      window.dispatchEvent(new CustomEvent<Topic[]>("smalt:changed", { detail: topics }));
      if (topics.some((topic) => topic.kind === "everything")) {
        void client.invalidateQueries();
        return;
      }
      for (const { kind, name } of topics) {
        void client.invalidateQueries({ queryKey: [kind, scope, name] });
        // Lists and summaries stand under an empty name. That of runs is made of many, and asks again by itself.
        if (kind !== "runs") void client.invalidateQueries({ queryKey: [kind, scope, ""] });
      }
      // The list of jobs follows by itself while it is shown; what was asked for ahead of it is to be asked for again.
      if (topics.some(({ kind }) => kind === "jobs")) {
        void client.invalidateQueries({ queryKey: ["joblist", scope], type: "inactive", refetchType: "none" });
      }
    });
  }, [client, scope]);
  return <Context value={{ ...here, scope }}>{children}</Context>;
}

/** Be told what has changed in the workspace. */
export function useChanges(listener: (topics: Topic[]) => void): void {
  useEffect(() => {
    const heard = (event: Event) => listener((event as CustomEvent<Topic[]>).detail);
    window.addEventListener("smalt:changed", heard);
    return () => window.removeEventListener("smalt:changed", heard);
  }, [listener]);
}
