import { Button, Radio } from "@fluentui/react-components";
import { ArrowUndo16Regular, DocumentCopy16Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { json, request } from "../../../api/client";
import {
  fileAddress,
  flowFiles,
  flowPath,
  flowVersions,
  type Flow,
  type FlowFile,
  type FlowVersion,
} from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Confirm } from "../../../ui/Confirm";
import { Loaded } from "../../../ui/Loaded";
import { showNotice } from "../../../ui/Notices";
import { Table } from "../../../ui/Table";
import { When } from "../../../ui/time";
import { fileFrom } from "../edits";
import { CloneDialog } from "../CloneDialog";
import { useDraft } from "../useDraft";
import { Differences } from "./Differences";
import { Merge } from "./Merge";

/** Every version of the flow: compared, brought back, made into a flow of its own. */
export default function HistoryTab() {
  const t = useT();
  const { flow, isBehind, isDirty } = useDraft();
  const { from, to, merge } = useSearch({ from: "/flows/$name" });
  const navigate = useNavigate({ from: "/flows/$name" });
  const found = useQuery(flowVersions(useScope(), flow.name));
  const [cloned, setCloned] = useState<number | null>(null);
  const [restored, setRestored] = useState<number | null>(null);
  const restore = useRestore(flow);
  if (merge && isBehind) return <Merge />;
  const newer = Number(to ?? flow.latestVersion);
  const older = Number(from ?? Math.max(1, newer - 1));
  const set = (next: { from?: string; to?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  return (
    <>
      <Loaded of={found}>
        {(versions) => (
          <Table<FlowVersion>
            label={t("Versions")}
            rows={versions}
            rowKey={({ version }) => String(version)}
            columns={[
              {
                key: "from",
                title: t("Before"),
                cell: ({ version }) => (
                  <Radio
                    name="from"
                    value={String(version)}
                    checked={older === version}
                    aria-label={t("Version {version} as what was before", { version })}
                    onChange={() => set({ from: String(version), to: String(newer) })}
                  />
                ),
              },
              {
                key: "to",
                title: t("After"),
                cell: ({ version }) => (
                  <Radio
                    name="to"
                    value={String(version)}
                    checked={newer === version}
                    aria-label={t("Version {version} as what is after", { version })}
                    onChange={() => set({ from: String(older), to: String(version) })}
                  />
                ),
              },
              { key: "version", title: t("Version"), isNumber: true, cell: ({ version }) => version },
              { key: "message", title: t("What was changed"), cell: ({ message }) => message ?? "" },
              { key: "files", title: t("Files"), cell: ({ changed }) => <code>{changed.join(", ")}</code> },
              { key: "by", title: t("Who"), cell: ({ createdBy }) => createdBy },
              { key: "at", title: t("When"), cell: ({ createdAt }) => <When at={createdAt} /> },
              {
                key: "actions",
                title: t("Actions"),
                cell: ({ version }) => (
                  <span className="row">
                    <Button
                      size="small"
                      icon={<ArrowUndo16Regular />}
                      disabled={version === flow.latestVersion || isDirty || restore.isPending}
                      aria-label={t("Restore version {version}", { version })}
                      onClick={() => setRestored(version)}
                    >
                      {t("Restore")}
                    </Button>
                    <Button
                      size="small"
                      icon={<DocumentCopy16Regular />}
                      aria-label={t("Clone version {version}", { version })}
                      onClick={() => setCloned(version)}
                    >
                      {t("Clone")}
                    </Button>
                  </span>
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {older !== newer && <Differences flow={flow.name} from={older} to={newer} />}
      {cloned !== null && <CloneDialog flow={flow.name} version={cloned} onClose={() => setCloned(null)} />}
      {restored !== null && (
        <Confirm
          title={t("Restore version {version}?", { version: restored })}
          action={t("Restore")}
          onConfirm={() => restore.mutate(restored)}
          onClose={() => setRestored(null)}
        >
          {t("A new version is made that is as that one was. Nothing of the history is lost.")}
        </Confirm>
      )}
    </>
  );
}

function useRestore(flow: Flow) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const seen = () => client.invalidateQueries({ queryKey: ["flows", scope] });
  const restore = useMutation({
    mutationFn: async (version: number) => {
      const [was, is] = await Promise.all([
        client.fetchQuery(flowFiles(scope, flow.name, version)),
        client.fetchQuery(flowFiles(scope, flow.name, flow.latestVersion)),
      ]);
      const now = new Map(is.map(({ path, sha256 }) => [path, sha256]));
      const files: FlowFile[] = is
        .filter(({ path }) => !was.some((each) => each.path === path))
        .map(({ path }) => ({ path, content: null }));
      for (const { path, sha256 } of was) {
        if (now.get(path) === sha256) continue;
        files.push(await fileFrom(path, await (await request(fileAddress(scope, flow.name, version, path))).blob()));
      }
      const message = t("Restored version {version}", { version });
      const body = { base: flow.latestVersion, message, files };
      return json<FlowVersion>(`${flowPath(scope, flow.name)}/versions`, { method: "POST", body });
    },
    onSuccess: async (made) => {
      showNotice("success", t("Saved as version {version}.", { version: made.version }));
      await seen();
    },
  });
  return restore;
}
