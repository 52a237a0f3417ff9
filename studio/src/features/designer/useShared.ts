import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiError } from "../../api/client";
import { file } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";
import type { Draft } from "./drafts";
import { read, share, sharedDrafts } from "./shared";

/** A draft beside the one that the workspace keeps. Whoever has changed nothing follows what others save. */
export function useShared(draft: Draft, adopt: (values: Partial<Draft>) => void) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const { shared } = draft;
  const found = useQuery({ ...file(scope, shared?.path ?? ""), enabled: shared !== undefined, retry: false });
  const isDirty = shared !== undefined && draft.text !== shared.text;
  const isNewer = shared !== undefined && found.data !== undefined && found.data.etag !== shared.etag;
  const theirs = isNewer ? read(found.data.text) : null;
  const save = useMutation({
    mutationFn: (base: Draft) => share(scope, base),
    onSuccess: async (next) => {
      client.setQueryData(file(scope, next.path).queryKey, { etag: next.etag, text: null });
      adopt({ shared: next });
      await client.invalidateQueries({ queryKey: sharedDrafts(scope).queryKey });
      showNotice("success", t("Everybody in the workspace sees this draft."));
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 412) void found.refetch();
    },
  });
  const take = () => {
    if (!theirs || !shared || !found.data) return;
    adopt({ ...theirs, shared: { ...shared, etag: found.data.etag, text: theirs.text } });
  };
  const isFollowing = theirs !== null && !isDirty && !save.isPending;
  useEffect(() => {
    if (isFollowing) take();
  }, [isFollowing, found.data?.etag]);
  return {
    isDirty,
    isSaving: save.isPending,
    isGone: shared !== undefined && found.error instanceof ApiError && found.error.status === 404,
    /** What somebody else has saved while this one was changed. */
    conflict: theirs !== null && isDirty ? theirs : null,
    save: () => save.mutate(draft),
    take,
    keep: () => {
      if (shared && found.data) save.mutate({ ...draft, shared: { ...shared, etag: found.data.etag } });
    },
    /** It is kept anew where it has been removed. */
    saveAnew: () => save.mutate({ ...draft, shared: undefined }),
  };
}
