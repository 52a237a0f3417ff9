import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { json } from "../../api/client";
import type { Asset, Job } from "../../api/types";
import { nextVersion } from "../../api/uploads";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";
import { freeName } from "./changes";
import type { Draft } from "./drafts";
import { withUploads } from "./files";
import { check, type Checked } from "./useCheck";
import { mapping, parse, plain, textOf } from "./yaml";

/** Submits a pipeline, or registers it as a component; raises with the first thing that is wrong with it. */
export function useSubmit(draft: Draft) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async () => {
      const document = plain(parse(draft.text));
      const yaml = await withUploads(scope, draft);
      const { body, problems }: Checked = await client.fetchQuery(check(scope, draft.kind, yaml));
      if (problems.length > 0 || body === null) throw new Error(problems[0]?.message);
      if (draft.kind === "job") {
        const name = textOf(document.name) ?? newName(draft.name);
        return json<Job>(`${scope}/jobs/${encodeURIComponent(name)}`, { method: "PUT", body });
      }
      const name = textOf(document.name);
      if (!name) throw new Error(t("Give the component a name before it is registered."));
      const path = `${scope}/components/${encodeURIComponent(name)}/versions`;
      const version = textOf(document.version) ?? (await nextVersion(scope, "components", name));
      return json<Asset>(`${path}/${encodeURIComponent(version)}`, { method: "PUT", body });
    },
    onSuccess: async (made) => {
      if (draft.kind === "job") return navigate({ to: "/jobs/$name", params: { name: made.name } });
      const name = textOf(mapping(plain(parse(draft.text))).name) ?? "";
      await client.invalidateQueries({ queryKey: ["components", scope] });
      showNotice("success", t("Registered as {name}.", { name: `${name}:${made.name}` }));
      return navigate({
        to: "/assets/$kind/$name",
        params: { kind: "components", name },
        search: { version: made.name },
      });
    },
  });
}

function newName(title: string): string {
  const word = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("");
  return `${freeName(title, []).slice(0, 200)}_${word}`;
}
