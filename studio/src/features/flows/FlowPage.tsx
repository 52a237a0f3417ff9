import { Button, Tab, TabList, Tag } from "@fluentui/react-components";
import { ArrowDownload20Regular, Delete20Regular, DocumentCopy20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState, type ComponentType, type LazyExoticComponent } from "react";
import { request } from "../../api/client";
import { flow as flowQuery, flowPath, type Flow } from "../../api/flows";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Waiting";
import { chatOf, readDag } from "./dag";
import { forget } from "./edits";
import { CloneDialog } from "./CloneDialog";
import { SaveBar } from "./SaveBar";
import { ShareFlow } from "./ShareFlow";
import { DagContext, type OpenDag } from "./useDag";
import { DraftContext, useDraft, useDraftOf, useText } from "./useDraft";
import { TestsContext, useTestsOf } from "./useTests";
import { TYPES } from "./words";
import "./flows.css";

/** What is kept of versions for as long as the page is open. */
const OF_VERSIONS = ["flowFiles", "flowFile", "flowGraph", "flowDifference"];

interface TabEntry {
  id: string;
  title: Message;
  content: LazyExoticComponent<ComponentType>;
  fits?: (flow: Flow, dag: OpenDag | null) => boolean;
}

const TABS: TabEntry[] = [
  { id: "edit", title: "Edit", content: lazy(() => import("./editor/EditorTab")) },
  {
    id: "chat",
    title: "Chat",
    content: lazy(() => import("./ChatTab")),
    fits: (flow, dag) => (dag === null ? flow.kind !== "dag" && flow.type !== "evaluation" : chatOf(dag) !== null),
  },
  {
    id: "variants",
    title: "Variants",
    content: lazy(() => import("./VariantsTab")),
    fits: (flow) => flow.kind === "dag",
  },
  { id: "runs", title: "Runs", content: lazy(() => import("./runs/RunsTab")) },
  { id: "history", title: "History", content: lazy(() => import("./history/HistoryTab")) },
  { id: "deploy", title: "Deploy", content: lazy(() => import("./DeployTab")) },
  { id: "details", title: "Details", content: lazy(() => import("./DetailsTab")) },
];

/** One flow: edited, tried, talked with, run over data, compared, deployed. */
export function FlowPage() {
  const { name } = useParams({ from: "/flows/$name" });
  const scope = useScope();
  const found = useQuery(flowQuery(scope, name));
  // A flow of the same name in another workspace is another one: its edits are not this one's.
  return <Loaded of={found}>{(flow) => <Opened key={`${scope}/${flow.name}`} flow={flow} />}</Loaded>;
}

function Opened({ flow }: { flow: Flow }) {
  const draft = useDraftOf(flow);
  const tests = useTestsOf(draft);
  return (
    <DraftContext value={draft}>
      <TestsContext value={tests}>
        <Tabs />
      </TestsContext>
    </DraftContext>
  );
}

function Tabs() {
  const t = useT();
  const { flow, edits } = useDraft();
  const { tab } = useSearch({ from: "/flows/$name" });
  const navigate = useNavigate({ from: "/flows/$name" });
  const isDag = flow.kind === "dag";
  const { text, error } = useText(isDag ? flow.entryFile : null);
  const dag = useMemo(
    () => (typeof text === "string" ? { ...readDag(text, flow.entryFile), text } : null),
    [text, flow.entryFile],
  );
  const tabs = TABS.filter((each) => each.fits?.(flow, dag) ?? true);
  const shown = tabs.find((each) => each.id === tab) ?? tabs[0];
  const Content = shown.content;
  const isThere = !isDag || dag !== null || error !== null || text === null;
  return (
    <DagContext value={dag}>
      <Page
        title={flow.displayName || flow.name}
        above={<Link to="/flows">{t("Prompt flow")}</Link>}
        badge={
          <>
            <Tag size="small">{t(TYPES[flow.type] ?? "Standard")}</Tag>
            <span className="faint">{t("Version {version}", { version: edits.base })}</span>
          </>
        }
        actions={<Actions flow={flow} />}
      >
        <SaveBar />
        <TabList
          selectedValue={shown.id}
          onTabSelect={(_, { value }) => void navigate({ search: (old) => ({ wsid: old.wsid, tab: String(value) }) })}
        >
          {tabs.map((each) => (
            <Tab key={each.id} value={each.id}>
              {t(each.title)}
            </Tab>
          ))}
        </TabList>
        <div className="tab-body">
          <Suspense fallback={<Waiting />}>{isThere ? <Content /> : <Waiting />}</Suspense>
        </div>
      </Page>
    </DagContext>
  );
}

function Actions({ flow }: { flow: Flow }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isAsking, setAsking] = useState(false);
  const [isCloning, setCloning] = useState(false);
  const remove = useMutation({
    mutationFn: () => request(flowPath(scope, flow.name), { method: "DELETE" }),
    onSuccess: () => {
      void navigate({ to: "/flows" });
      forget(scope, flow.name);
      // Versions never change, but another flow may come to have this name, and begin with a version 1 of its own.
      for (const kind of OF_VERSIONS) client.removeQueries({ queryKey: [kind, scope, flow.name] });
      void client.invalidateQueries({ queryKey: ["flows", scope, ""] });
    },
  });
  return (
    <>
      <Button
        as="a"
        icon={<ArrowDownload20Regular />}
        href={`${flowPath(scope, flow.name)}/versions/latest/archive`}
        download={`${flow.name}.zip`}
      >
        {t("Download")}
      </Button>
      <Button icon={<DocumentCopy20Regular />} onClick={() => setCloning(true)}>
        {t("Clone")}
      </Button>
      <ShareFlow flow={flow} />
      <Button icon={<Delete20Regular />} onClick={() => setAsking(true)}>
        {t("Delete")}
      </Button>
      {isCloning && <CloneDialog flow={flow.name} version={flow.latestVersion} onClose={() => setCloning(false)} />}
      {isAsking && (
        <Confirm
          title={t("Delete this flow?")}
          action={t("Delete")}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          {t("All its versions go. Its runs stay among the jobs.")}
        </Confirm>
      )}
    </>
  );
}
