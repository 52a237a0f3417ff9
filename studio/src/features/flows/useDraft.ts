import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useState } from "react";
import { ApiError, json, request } from "../../api/client";
import {
  fileAddress,
  flowFile,
  flowFiles,
  flowPath,
  type Flow,
  type FlowFile,
  type FlowVersion,
} from "../../api/flows";
import { useSession } from "../../app/SessionGate";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";
import { fileFrom, isGone, keep, kept, onKeptElsewhere, pathsOf, textOf, type Edits } from "./edits";

export interface Draft {
  flow: Flow;
  edits: Edits;
  /** Every file there is now. */
  paths: string[];
  isDirty: boolean;
  isSaving: boolean;
  /** Somebody has saved since the edits began. */
  isBehind: boolean;
  change: (path: string, text: string) => void;
  put: (files: FlowFile[]) => void;
  remove: (path: string) => void;
  rename: (from: string, to: string) => Promise<void>;
  discard: () => void;
  /** Go on from another version with these edits. */
  rebase: (edits: Edits) => void;
  save: (message: string) => Promise<boolean>;
}

export const DraftContext = createContext<Draft | null>(null);

/** What is being edited. Only inside a flow's page. */
export function useDraft(): Draft {
  const found = use(DraftContext);
  if (!found) throw new Error("No flow is open.");
  return found;
}

/** The edits of one flow: begun from its latest version, kept in this browser until they are saved. */
export function useDraftOf(flow: Flow): Draft {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const { session } = useSession();
  const [edits, setEdits] = useState<Edits>(() => beginning(scope, flow));
  const [isSaving, setSaving] = useState(false);
  const isDirty = Object.keys(edits.files).length > 0;
  const latest = flow.latestVersion;
  const listing = useQuery(flowFiles(scope, flow.name, edits.base));

  useEffect(() => {
    if (!keep(scope, flow.name, edits)) showNotice("error", t("This browser has no room left to keep the edits."));
  }, [scope, flow.name, edits, t]);

  useEffect(
    () => onKeptElsewhere(scope, flow.name, (found) => setEdits((old) => found ?? { base: old.base, files: {} })),
    [scope, flow.name],
  );

  // Whoever has nothing unsaved simply sees what is newest, and who made it.
  useEffect(() => {
    if (isDirty || isSaving || latest <= edits.base) return;
    setEdits({ base: latest, files: {} });
    if (flow.updatedBy !== session.name) {
      showNotice("success", t("{name} saved version {version}.", { name: flow.updatedBy, version: latest }));
    }
  }, [isDirty, isSaving, latest, edits.base, flow.updatedBy, session.name, t]);

  const saved = useMemo(() => listing.data?.map(({ path }) => path) ?? [], [listing.data]);

  const put = useCallback(
    (files: FlowFile[]) =>
      setEdits((old) => {
        const next = { ...old.files };
        for (const file of files) {
          const original = client.getQueryData(flowFile(scope, flow.name, old.base, file.path).queryKey);
          const isNew = !saved.includes(file.path);
          if (isGone(file) && isNew) delete next[file.path];
          else if (!isNew && original !== undefined && original !== null && textOf(file) === original)
            delete next[file.path];
          else next[file.path] = file;
        }
        return { ...old, files: next };
      }),
    [client, flow.name, saved, scope],
  );

  const rename = async (from: string, to: string) => {
    const edit = edits.files[from];
    const content =
      edit ?? (await fileFrom(to, await (await request(fileAddress(scope, flow.name, edits.base, from))).blob()));
    put([
      { path: from, content: null },
      { ...content, path: to },
    ]);
  };

  const save = async (message: string): Promise<boolean> => {
    setSaving(true);
    const sent = edits;
    try {
      const body = { base: sent.base, message: message || undefined, files: Object.values(sent.files) };
      const made = await json<FlowVersion>(`${flowPath(scope, flow.name)}/versions`, { method: "POST", body });
      // What was typed while it was saved stays an edit, of the version that was made.
      setEdits((now) => ({
        base: made.version,
        files: Object.fromEntries(Object.entries(now.files).filter(([path, file]) => sent.files[path] !== file)),
      }));
      showNotice("success", t("Saved as version {version}.", { version: made.version }));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        showNotice("error", t("Somebody has saved in the meantime. Nothing was overwritten."));
      } else showNotice("error", error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: ["flows", scope, flow.name] });
      setSaving(false);
    }
  };

  return {
    flow,
    edits,
    paths: useMemo(() => pathsOf(saved, edits.files), [saved, edits.files]),
    isDirty,
    isSaving,
    isBehind: isDirty && !isSaving && latest > edits.base,
    change: (path, content) => put([{ path, content }]),
    put,
    remove: (path) => put([{ path, content: null }]),
    rename,
    discard: () => setEdits({ base: latest, files: {} }),
    rebase: setEdits,
    save,
  };
}

/** The edits that were kept, or none. A flow that was made anew under its name has fewer versions than they know of. */
function beginning(scope: string, flow: Flow): Edits {
  const found = kept(scope, flow.name);
  return { base: Math.min(found?.base ?? flow.latestVersion, flow.latestVersion), files: found?.files ?? {} };
}

/** The text of a file as it is edited: undefined until it is there, null when it is no text. */
export function useText(path: string | null | undefined): { text: string | null | undefined; error: Error | null } {
  const { flow, edits, paths } = useDraft();
  const scope = useScope();
  const edit = path ? edits.files[path] : undefined;
  const found = useQuery({
    ...flowFile(scope, flow.name, edits.base, path ?? ""),
    enabled: Boolean(path) && edit === undefined && paths.includes(path ?? ""),
  });
  if (edit) return { text: textOf(edit), error: null };
  return { text: found.data, error: found.error };
}
