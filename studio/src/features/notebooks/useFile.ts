import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { file, readFile, writeFile, type SavedFile } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";

/** How the text of a file becomes what is edited, and back. */
export interface Form<T> {
  read: (text: string) => T | null;
  write: (value: T) => string;
  /** Both changes together, or null where somebody has to decide. */
  merge: (base: T, mine: T, theirs: T) => T | null;
}

export interface OpenFile<T> {
  value: T | null;
  /** Why there is nothing to edit. */
  error: Error | null;
  isUnreadable: boolean;
  isDirty: boolean;
  isSaving: boolean;
  /** The person may look and not save. */
  isReadOnly: boolean;
  /** What somebody else has saved meanwhile, where it cannot be brought together by itself. */
  conflict: SavedFile | null;
  change: (to: (old: T) => T) => void;
  save: () => Promise<void>;
  takeTheirs: () => void;
  keepMine: () => void;
}

const SAVE_AFTER = 1500;
const MOST_TRIES = 4;

interface Saved<T> {
  etag: string;
  value: T;
}

/** A file that is edited: saved by itself, brought together with what others save, never written over silently. */
export function useFile<T>(path: string, form: Form<T>): OpenFile<T> {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const found = useQuery(file(scope, path));
  const [value, setValue] = useState<T | null>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const [isReadOnly, setReadOnly] = useState(false);
  const [conflict, setConflict] = useState<SavedFile | null>(null);
  const saved = useRef<Saved<T> | null>(null);
  const now = useRef<T | null>(null);
  const busy = useRef(false);
  const [, setRound] = useState(0);

  const put = useCallback((next: T) => {
    now.current = next;
    setValue(next);
  }, []);
  const settle = useCallback(
    (etag: string, of: T) => {
      saved.current = { etag, value: of };
      client.setQueryData(file(scope, path).queryKey, { etag, text: form.write(of) });
      setRound((round) => round + 1);
    },
    [client, form, path, scope],
  );
  const isDirty = value !== null && saved.current !== null && value !== saved.current.value;

  // Whoever has nothing unsaved simply sees what is newest.
  useEffect(() => {
    const { data } = found;
    if (!data || busy.current || data.etag === saved.current?.etag) return;
    if (now.current !== null && now.current !== saved.current?.value) return;
    const read = data.text === null ? null : form.read(data.text);
    setUnreadable(read === null);
    if (read === null) return;
    saved.current = { etag: data.etag, value: read };
    put(read);
  }, [found.data, form, put]);

  const save = useCallback(async () => {
    if (busy.current || !saved.current || now.current === null || now.current === saved.current.value) return;
    busy.current = true;
    setSaving(true);
    try {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const sent: T = now.current;
        const before: Saved<T> = saved.current;
        // Most often it is known already that somebody else has saved.
        let theirs = client.getQueryData(file(scope, path).queryKey);
        if (!theirs || theirs.etag === before.etag) {
          try {
            settle(await writeFile(scope, path, form.write(sent), before.etag), sent);
            return;
          } catch (error) {
            if (!(error instanceof ApiError) || error.status !== 412) throw error;
          }
          theirs = await readFile(scope, path);
          client.setQueryData(file(scope, path).queryKey, theirs);
        }
        const read = theirs.text === null ? null : form.read(theirs.text);
        const both = read === null ? null : form.merge(before.value, sent, read);
        if (read === null || both === null) {
          setConflict(theirs);
          return;
        }
        saved.current = { etag: theirs.etag, value: read };
        put(both);
      }
    } catch (error) {
      setReadOnly(error instanceof ApiError && error.status === 403);
      showNotice("error", t("Not saved: {why}", { why: error instanceof Error ? error.message : String(error) }));
    } finally {
      busy.current = false;
      setSaving(false);
    }
  }, [client, form, path, put, scope, settle, t]);

  useEffect(() => {
    if (!isDirty || conflict || isReadOnly) return undefined;
    const timer = setTimeout(() => void save(), SAVE_AFTER);
    return () => clearTimeout(timer);
  }, [value, isDirty, conflict, isReadOnly, save]);

  // What was typed in the last moment goes along when the file is closed.
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => () => void latest.current(), []);

  return {
    value,
    error: value === null ? found.error : null,
    isUnreadable,
    isDirty,
    isSaving,
    isReadOnly,
    conflict,
    change: useCallback((to) => now.current !== null && put(to(now.current)), [put]),
    save,
    takeTheirs: () => {
      const read = conflict?.text ? form.read(conflict.text) : null;
      if (conflict && read !== null) {
        saved.current = { etag: conflict.etag, value: read };
        put(read);
      }
      setConflict(null);
    },
    keepMine: () => {
      if (conflict && saved.current) saved.current = { ...saved.current, etag: conflict.etag };
      setConflict(null);
      setTimeout(() => void latest.current());
    },
  };
}
