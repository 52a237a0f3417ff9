import { useCallback, useEffect, useState } from "react";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";
import { find, keep, type Draft, type Places } from "./drafts";

const MOST_STEPS_BACK = 100;

interface History {
  draft: Draft | undefined;
  past: string[];
  future: string[];
}

/** A draft with the way back. What changes is kept at once; another tab that works on it is followed. */
export function useDraft(id: string) {
  const t = useT();
  const scope = useScope();
  const [{ draft, past, future }, setHistory] = useState<History>(() => ({
    draft: find(scope, id),
    past: [],
    future: [],
  }));
  useEffect(() => {
    if (!draft || find(scope, id)?.changedAt === draft.changedAt) return;
    try {
      keep(scope, draft);
    } catch {
      showNotice("error", t("The browser has no room left. Export the pipeline, or remove other drafts."));
    }
  }, [draft, id, scope, t]);
  useEffect(() => {
    const heard = ({ key }: StorageEvent) => {
      const found = key?.endsWith(`.${id}`) ? find(scope, id) : undefined;
      if (found) setHistory((now) => ({ ...now, draft: found }));
    };
    window.addEventListener("storage", heard);
    return () => window.removeEventListener("storage", heard);
  }, [id, scope]);

  const update = useCallback(
    (change: (draft: Draft) => Draft, step: (now: History) => Partial<History> = () => ({})) => {
      setHistory((now) =>
        now.draft ? { ...now, ...step(now), draft: { ...change(now.draft), changedAt: Date.now() } } : now,
      );
    },
    [],
  );
  /** Change the text; the way back leads here. */
  const change = useCallback(
    (next: (text: string) => string) =>
      update(
        (old) => ({ ...old, text: next(old.text) }),
        (now) => ({ past: [...now.past, now.draft?.text ?? ""].slice(-MOST_STEPS_BACK), future: [] }),
      ),
    [update],
  );
  const place = useCallback(
    (level: string, places: Places[string]) =>
      update((old) => ({ ...old, places: { ...old.places, [level]: { ...old.places[level], ...places } } })),
    [update],
  );
  const arrange = useCallback(
    (level: string) => update((old) => ({ ...old, places: { ...old.places, [level]: {} } })),
    [update],
  );
  const rename = useCallback((name: string) => update((old) => ({ ...old, name })), [update]);
  /** Take on values that come from elsewhere; the way back leads to the text before them. */
  const adopt = useCallback(
    (values: Partial<Draft>) =>
      update(
        (old) => ({ ...old, ...values }),
        (now) =>
          values.text === undefined || values.text === now.draft?.text
            ? {}
            : { past: [...now.past, now.draft?.text ?? ""].slice(-MOST_STEPS_BACK), future: [] },
      ),
    [update],
  );
  const undo = () =>
    update(
      (old) => ({ ...old, text: past.at(-1) ?? old.text }),
      () => ({ past: past.slice(0, -1), future: [draft?.text ?? "", ...future] }),
    );
  const redo = () =>
    update(
      (old) => ({ ...old, text: future[0] ?? old.text }),
      () => ({ past: [...past, draft?.text ?? ""], future: future.slice(1) }),
    );
  const way = { undo, redo, canUndo: past.length > 0, canRedo: future.length > 0 };
  return { draft, change, place, arrange, rename, adopt, ...way };
}
