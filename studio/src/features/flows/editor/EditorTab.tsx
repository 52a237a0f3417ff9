import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "../../../app/i18n";
import { useDag } from "../useDag";
import { useDraft } from "../useDraft";
import { DagPane } from "./DagPane";
import { FileEditor } from "./FileEditor";
import { FilesPane } from "./FilesPane";
import { FlatView } from "./FlatView";
import { Problems } from "./Problems";
import { PlainRun } from "./PlainRun";

/** The flow as a list of nodes beside its graph and its files; all of them edit the same files. */
export default function EditorTab() {
  const t = useT();
  const { flow, paths } = useDraft();
  const dag = useDag();
  const { file } = useSearch({ from: "/flows/$name" });
  const navigate = useNavigate({ from: "/flows/$name" });
  const isBroken = dag?.problems.some(({ code }) => code === "InvalidYaml") ?? false;
  const open = file && paths.includes(file) ? file : dag && !isBroken ? null : flow.entryFile;
  const go = (next: { file?: string; node?: string }) =>
    void navigate({ search: (old) => ({ ...old, file: undefined, ...next }), replace: true });
  return (
    <div className="flow-editor">
      <div className="flow-main">
        {open !== null && dag && !isBroken && (
          <button type="button" className="link" onClick={() => go({})}>
            ← {t("Back to the nodes")}
          </button>
        )}
        <Problems />
        {open === null ? <FlatView onChoose={(node) => go({ node })} /> : <FileEditor key={open} path={open} />}
        {flow.kind !== "dag" && <PlainRun />}
      </div>
      <aside className="flow-side" aria-label={t("Files and graph")}>
        <FilesPane open={open ?? (dag ? flow.entryFile : null)} onOpen={(path) => go({ file: path })} />
        {dag && !isBroken && <DagPane onChoose={(node) => go({ node })} />}
      </aside>
    </div>
  );
}
