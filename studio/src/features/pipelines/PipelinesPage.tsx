import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { json } from "../../api/client";
import { assets, someJobs } from "../../api/queries";
import type { Asset, Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { JobName } from "../../ui/JobName";
import { Loaded } from "../../ui/Loaded";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { Page } from "../../ui/Page";
import { Status } from "../../ui/Status";
import { Tabbed } from "../../ui/Tabbed";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { Waiting } from "../../ui/Waiting";
import { Beginnings, Drafts } from "../designer/DraftsPage";
import { Schedules } from "../manage/SchedulesPage";

const TABS = [
  { id: "jobs", title: "Pipeline jobs" },
  { id: "drafts", title: "Drafts" },
  { id: "components", title: "Pipeline components" },
  { id: "schedules", title: "Schedules" },
] as const;
const MOST = 500;

const latestComponent = (scope: string, name: string, version?: string) =>
  queryOptions({
    queryKey: ["components", scope, name, "latest", version],
    queryFn: async ({ signal }) => {
      const path = `${scope}/components/${encodeURIComponent(name)}/versions/${encodeURIComponent(version ?? "")}`;
      const found = await json<Asset>(path, { signal });
      const specification = found.properties.componentSpec as Record<string, unknown> | undefined;
      return { name, isPipeline: specification?.type === "pipeline" };
    },
    enabled: version !== undefined,
  });

/** Everything about pipelines in one place: those that ran, that are drawn, that others use, and that fire by themselves. */
export function PipelinesPage() {
  const t = useT();
  const { tab } = useSearch({ from: "/pipelines" });
  const navigate = useNavigate({ from: "/pipelines" });
  const shown = TABS.find(({ id }) => id === tab)?.id ?? "jobs";
  return (
    <Page title={t("Pipelines")} actions={<Beginnings />}>
      <Tabbed tabs={TABS} shown={shown} onShow={(id) => void navigate({ search: (old) => ({ ...old, tab: id }) })}>
        {shown === "jobs" && <Jobs />}
        {shown === "drafts" && <Drafts />}
        {shown === "components" && <Components />}
        {shown === "schedules" && (
          <Schedules fits={({ properties }) => properties.action.jobDefinition?.jobType === "Pipeline"} />
        )}
      </Tabbed>
    </Page>
  );
}

function Jobs() {
  const t = useT();
  const found = useQuery(someJobs(useScope(), { jobType: "Pipeline", $top: MOST }));
  const columns: LongColumn<Job>[] = [
    {
      key: "name",
      title: t("Name"),
      width: "minmax(10.5rem, 2fr)",
      cell: (job) => <JobName job={job} />,
    },
    { key: "status", title: t("Status"), width: "8rem", cell: ({ properties }) => <Status of={properties.status} /> },
    {
      key: "experiment",
      title: t("Experiment"),
      width: "minmax(6rem, 1fr)",
      cell: ({ properties }) => properties.experimentName,
    },
    {
      key: "designer",
      title: t("Actions"),
      width: "8.5rem",
      cell: ({ name }) => (
        <Link to="/designer" search={{ job: name }}>
          {t("Open in designer")}
        </Link>
      ),
    },
    { key: "at", title: t("Created"), width: "7rem", cell: ({ systemData }) => <When at={systemData.createdAt} /> },
    { key: "by", title: t("Created by"), width: "5.5rem", cell: ({ systemData }) => systemData.createdBy },
  ];
  return (
    <Loaded of={found}>
      {(jobs) =>
        jobs.length === 0 ? (
          <Empty>
            {t("Nothing here yet.")} <code>smalt job create --file pipeline.yml</code>
          </Empty>
        ) : (
          <LongTable columns={columns} rows={jobs} rowKey={({ name }) => name} label={t("Pipeline jobs")} />
        )
      }
    </Loaded>
  );
}

function Components() {
  const t = useT();
  const scope = useScope();
  const found = useQuery(assets(scope, "components"));
  // A list of components does not say of which type they are: their newest versions do.
  const latest = useQueries({
    queries: (found.data ?? [])
      .slice(0, MOST)
      .map(({ name, properties }) => latestComponent(scope, name, properties.latestVersion)),
    combine: (results) => ({
      areHere: results.every(({ isPending }) => !isPending),
      pipelines: new Set(results.flatMap(({ data }) => (data?.isPipeline ? [data.name] : []))),
    }),
  });
  const columns: LongColumn<Asset>[] = [
    {
      key: "name",
      title: t("Name"),
      width: "minmax(11rem, 2fr)",
      cell: ({ name }) => (
        <Link to="/assets/$kind/$name" params={{ kind: "components", name }}>
          {name}
        </Link>
      ),
    },
    { key: "version", title: t("Version"), width: "5rem", cell: ({ properties }) => properties.latestVersion ?? "–" },
    {
      key: "designer",
      title: t("Actions"),
      width: "10rem",
      cell: ({ name, properties }) => (
        <Link to="/designer" search={{ component: `${name}:${properties.latestVersion}` }}>
          {t("Open in designer")}
        </Link>
      ),
    },
    {
      key: "tags",
      title: t("Tags"),
      width: "minmax(8rem, 2fr)",
      cell: ({ properties }) => <Tags tags={properties.tags} />,
    },
    {
      key: "at",
      title: t("Changed"),
      width: "9rem",
      cell: ({ systemData }) => <When at={systemData.lastModifiedAt} />,
    },
  ];
  return (
    <Loaded of={found}>
      {(all) => {
        const rows = all.filter(({ name }) => latest.pipelines.has(name));
        if (!latest.areHere) return <Waiting />;
        return rows.length === 0 ? (
          <Empty>
            {t("Nothing here yet.")} <code>smalt component create --file pipeline-component.yml</code>
          </Empty>
        ) : (
          <LongTable columns={columns} rows={rows} rowKey={({ name }) => name} label={t("Pipeline components")} />
        );
      }}
    </Loaded>
  );
}
