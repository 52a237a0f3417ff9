import { Button } from "@fluentui/react-components";
import { Delete16Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { filePath, readFile, type FileEntry } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { drafts, keep, made } from "./drafts";
import { read, sharedDrafts, titleOf } from "./shared";

/** What the workspace keeps: everybody opens the same drafts. */
export function SharedDrafts() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const found = useQuery(sharedDrafts(scope));
  const [leaving, setLeaving] = useState<FileEntry>();
  const open = useMutation({
    mutationFn: async ({ path }: FileEntry) => {
      const known = drafts(scope).find((each) => each.shared?.path === path);
      if (known) return known.id;
      const { text, etag } = await readFile(scope, path);
      const content = read(text);
      if (!content) throw new Error(t("This file holds no draft."));
      const draft = made({ ...content, shared: { path, etag, text: content.text } });
      keep(scope, draft);
      return draft.id;
    },
    onSuccess: (draft) => void navigate({ to: "/designer/$draft", params: { draft } }),
  });
  const remove = useMutation({
    mutationFn: ({ path }: FileEntry) => request(filePath(scope, path), { method: "DELETE" }),
    onSettled: () => client.invalidateQueries({ queryKey: sharedDrafts(scope).queryKey }),
  });
  return (
    <Section title={t("Drafts of the workspace")}>
      <Loaded of={found}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("Nobody has saved a draft for all. Open one and choose Save for all.")}</Empty>
          ) : (
            <Table
              label={t("Drafts of the workspace")}
              rows={list}
              rowKey={({ path }) => path}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: (entry) => (
                    <button type="button" className="link" onClick={() => open.mutate(entry)}>
                      {titleOf(entry.name)}
                    </button>
                  ),
                },
                { key: "at", title: t("Changed"), cell: ({ modifiedAt }) => <When at={modifiedAt} /> },
                {
                  key: "remove",
                  title: t("Actions"),
                  cell: (entry) => (
                    <Button
                      size="small"
                      appearance="subtle"
                      icon={<Delete16Regular />}
                      aria-label={t("Remove {name}", { name: titleOf(entry.name) })}
                      onClick={() => setLeaving(entry)}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {leaving && (
        <Confirm
          title={t("Remove {name}", { name: titleOf(leaving.name) })}
          action={t("Remove")}
          onConfirm={() => remove.mutate(leaving)}
          onClose={() => setLeaving(undefined)}
        >
          {t("It is removed for everybody. Whoever has it open keeps their own.")}
        </Confirm>
      )}
    </Section>
  );
}
