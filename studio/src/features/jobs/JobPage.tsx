import { Button, Tab, TabList } from "@fluentui/react-components";
import {
  Archive20Regular,
  ArrowRepeatAll20Regular,
  BranchCompare20Regular,
  CalendarClock20Regular,
  Copy20Regular,
  Organization20Regular,
  ArrowUndo20Regular,
  Stop20Regular,
  TextBulletListSquare20Regular,
} from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Suspense, useEffect, useState, type ReactNode } from "react";
import { ApiError } from "../../api/client";
import { job as jobQuery } from "../../api/queries";
import { ENDED, type Job } from "../../api/types";
import { useT, type Message } from "../../app/i18n";
import { later, whenIdle, type Later } from "../../app/later";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Status } from "../../ui/Status";
import { draftOf, goOn, submitAgain } from "./again";
import { metricsAhead } from "./metricsAhead";
import { Overview } from "./Overview";
import { useJobActions } from "./useJobActions";
import { Waiting } from "../../ui/Waiting";
import { isResponsible } from "../responsible/isResponsible";

export interface TabProps {
  job: Job;
}

interface TabEntry {
  id: string;
  title: Message;
  content: Later<TabProps> | ((props: TabProps) => ReactNode);
  fits?: (job: Job) => boolean;
  /** Asks for what it shows, as soon as somebody points at it. */
  ahead?: (client: QueryClient, scope: string, job: Job) => Promise<void>;
}

const isParent = (job: Job) => ["Pipeline", "Sweep", "AutoML"].includes(job.properties.jobType);
const isAutoML = (job: Job) => job.properties.jobType === "AutoML";

/** A kind of job that has a page of its own adds it here. */
const TABS: TabEntry[] = [
  {
    id: "graph",
    title: "Graph",
    content: later(() => import("../graph/GraphTab")),
    fits: (job) => job.properties.jobType === "Pipeline",
  },
  {
    id: "trials",
    title: "Trials",
    content: later(() => import("./TrialsTab")),
    fits: (job) => job.properties.jobType === "Sweep",
  },
  { id: "models", title: "Models", content: later(() => import("../automl/ModelsTab")), fits: isAutoML },
  { id: "overview", title: "Overview", content: Overview },
  { id: "charts", title: "Charts", content: later(() => import("../automl/ChartsTab")), fits: isAutoML },
  {
    id: "responsible",
    title: "Responsible AI",
    content: later(() => import("../responsible/JobTab")),
    fits: isResponsible,
  },
  { id: "explanation", title: "Explanation", content: later(() => import("../automl/ExplanationTab")), fits: isAutoML },
  { id: "metrics", title: "Metrics", content: later(() => import("./MetricsTab")), ahead: metricsAhead },
  { id: "images", title: "Images and tables", content: later(() => import("./ImagesTab")) },
  { id: "outputs", title: "Outputs", content: later(() => import("./OutputsTab")) },
  { id: "logs", title: "Logs", content: later(() => import("./LogsTab")), fits: (job) => !isParent(job) },
  {
    id: "code",
    title: "Code",
    content: later(() => import("./CodeTab")),
    fits: (job) => Boolean(job.properties.codeId),
  },
  { id: "children", title: "Child jobs", content: later(() => import("./ChildrenTab")), fits: isParent },
  { id: "lineage", title: "Lineage", content: later(() => import("./LineageTab")) },
];

const RunPage = later(() => import("./RunPage"));

export function JobPage() {
  const { name } = useParams({ from: "/jobs/$name" });
  const found = useQuery(jobQuery(useScope(), name));
  // A run that was logged from somewhere else has no job.
  if (found.error instanceof ApiError && found.error.status === 404) {
    return (
      <Suspense fallback={<Waiting />}>
        <RunPage name={name} />
      </Suspense>
    );
  }
  return <Loaded of={found}>{(job) => <Found key={job.name} job={job} />}</Loaded>;
}

function Found({ job }: { job: Job }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const { tab } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const tabs = TABS.filter((each) => each.fits?.(job) ?? true);
  const shown = tabs.find((each) => each.id === tab) ?? tabs[0];
  const Content = shown.content;
  useEffect(() => whenIdle(() => tabs.forEach(({ content }) => "load" in content && void content.load())), []);
  const parent = job.properties.parentJobName;
  return (
    <Page
      title={job.properties.displayName || job.name}
      above={
        <>
          <Link to="/jobs">{t("Jobs")}</Link>
          {parent && (
            <>
              {" / "}
              <Link to="/jobs/$name" params={{ name: parent }}>
                {parent}
              </Link>
            </>
          )}
        </>
      }
      badge={<Status of={job.properties.status} />}
      actions={<Actions job={job} />}
    >
      <TabList
        selectedValue={shown.id}
        onTabSelect={(_, { value }) => void navigate({ search: (old) => ({ wsid: old.wsid, tab: String(value) }) })}
      >
        {tabs.map((each) => (
          <Tab
            key={each.id}
            value={each.id}
            onPointerEnter={() => void each.ahead?.(client, scope, job)}
            onFocus={() => void each.ahead?.(client, scope, job)}
          >
            {t(each.title)}
          </Tab>
        ))}
      </TabList>
      <div className="tab-body">
        <Suspense fallback={<Waiting />}>
          <Content job={job} />
        </Suspense>
      </div>
    </Page>
  );
}

function Actions({ job }: TabProps) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const actions = useJobActions();
  const [isAsking, setAsking] = useState(false);
  const isOver = ENDED.has(job.properties.status);
  const flow = job.properties.properties?.["smalt.flow"];
  const isChild = job.properties.parentJobName !== null;
  // A pipeline that has completed has nothing to go on with: it is submitted anew, and its steps reuse what they can.
  const goesOn = job.properties.jobType === "Pipeline" && !isChild && job.properties.status !== "Completed";
  const rerun = useMutation({
    mutationFn: () => (goesOn ? goOn(scope, job.name) : submitAgain(scope, job.name, draftOf(job))),
    onSuccess: (again) => void navigate({ to: "/jobs/$name", params: { name: again.name } }),
  });
  return (
    <>
      {!isOver && (
        <Button icon={<Stop20Regular />} onClick={() => setAsking(true)}>
          {t("Cancel job")}
        </Button>
      )}
      {isOver && (
        <Button icon={<ArrowRepeatAll20Regular />} disabled={rerun.isPending} onClick={() => rerun.mutate()}>
          {goesOn ? t("Rerun from what failed") : t("Rerun")}
        </Button>
      )}
      {job.properties.jobType === "Pipeline" && (
        <Button
          icon={<Organization20Regular />}
          onClick={() => void navigate({ to: "/designer", search: { job: job.name } })}
        >
          {t("Open in designer")}
        </Button>
      )}
      {flow && (
        <Button
          icon={<TextBulletListSquare20Regular />}
          onClick={() => void navigate({ to: "/flows/$name/runs/$job", params: { name: flow, job: job.name } })}
        >
          {t("Lines")}
        </Button>
      )}
      <Button
        icon={<Copy20Regular />}
        onClick={() => void navigate({ to: "/jobs/$name/clone", params: { name: job.name } })}
      >
        {t("Clone and edit")}
      </Button>
      {!isChild && (
        <Button
          icon={<CalendarClock20Regular />}
          onClick={() => void navigate({ to: "/new/$kind", params: { kind: "schedules" }, search: { job: job.name } })}
        >
          {t("Schedule")}
        </Button>
      )}
      <Button
        icon={<BranchCompare20Regular />}
        onClick={() => void navigate({ to: "/compare", search: { jobs: job.name } })}
      >
        {t("Compare")}
      </Button>
      {isOver && (
        <Button
          icon={job.properties.isArchived ? <ArrowUndo20Regular /> : <Archive20Regular />}
          onClick={() => void actions.change(job.name, { hidden: !job.properties.isArchived })}
        >
          {job.properties.isArchived ? t("Restore") : t("Archive")}
        </Button>
      )}
      {isAsking && (
        <Confirm
          title={t("Cancel this job?")}
          action={t("Cancel job")}
          onConfirm={() => void actions.cancel(job.name)}
          onClose={() => setAsking(false)}
        >
          {t("Its processes are ended, and those of its child jobs.")}
        </Confirm>
      )}
    </>
  );
}
