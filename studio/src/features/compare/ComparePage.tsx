import { Switch, Tab, TabList } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { runs as runsQuery } from "../../api/queries";
import type { Run } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { AddRuns } from "./AddRuns";
import { Differences } from "./Differences";
import { Waiting } from "../../ui/Waiting";
import { useJobsOf } from "./useJobsOf";
import { rowsOf } from "./values";

const Overlays = lazy(() => import("./Overlays"));
const Parallel = lazy(() => import("./Parallel"));
const Scatter = lazy(() => import("./Scatter"));

const MOST = 100;

/** Up to a hundred runs side by side. */
export function ComparePage() {
  const t = useT();
  const { jobs = "", tab = "table", all } = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const names = useMemo(() => [...new Set(jobs.split(",").filter(Boolean))].slice(0, MOST), [jobs]);
  const found = useQuery(runsQuery(useScope(), names));
  const set = (values: { jobs?: string; tab?: string; all?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...values }), replace: true });
  return (
    <Page
      title={t("Compare")}
      above={<Link to="/jobs">{t("Jobs")}</Link>}
      badge={<span className="faint">{t("{count} runs", { count: names.length })}</span>}
      actions={<AddRuns chosen={names} onChange={(next) => set({ jobs: next.join(",") })} />}
    >
      {names.length === 0 ? (
        <Empty>{t("Choose runs to compare.")}</Empty>
      ) : (
        <>
          <div className="filters">
            <TabList selectedValue={tab} onTabSelect={(_, { value }) => set({ tab: String(value) })}>
              <Tab value="table">{t("Table")}</Tab>
              <Tab value="charts">{t("Charts")}</Tab>
              <Tab value="parallel">{t("Parallel coordinates")}</Tab>
              <Tab value="scatter">{t("Scatter")}</Tab>
            </TabList>
            {tab === "table" && (
              <Switch
                label={t("Only what differs")}
                checked={all !== "yes"}
                onChange={(_, { checked }) => set({ all: checked ? undefined : "yes" })}
              />
            )}
          </div>
          <Loaded of={found}>
            {(runs) => (
              <Suspense fallback={<Waiting />}>
                <Ordered runs={runs} names={names} tab={tab} showsAll={all === "yes"} />
              </Suspense>
            )}
          </Loaded>
        </>
      )}
    </Page>
  );
}

interface OrderedProps {
  runs: Run[];
  names: readonly string[];
  tab: string;
  showsAll: boolean;
}

function Ordered({ runs, names, ...how }: OrderedProps) {
  const inOrder = useMemo(() => ordered(runs, names), [runs, names]);
  return <Body runs={inOrder} {...how} />;
}

function ordered(runs: Run[], names: readonly string[]): Run[] {
  const place = new Map(names.map((name, index) => [name, index]));
  return [...runs].sort((one, other) => (place.get(one.info.run_id) ?? 0) - (place.get(other.info.run_id) ?? 0));
}

function Body({ runs, tab, showsAll }: { runs: Run[]; tab: string; showsAll: boolean }) {
  const jobs = useJobsOf(runs);
  const rows = useMemo(() => rowsOf(runs, jobs), [runs, jobs]);
  if (tab === "charts") return <Overlays runs={runs} />;
  if (tab === "parallel") return <Parallel runs={runs} rows={rows} />;
  if (tab === "scatter") return <Scatter runs={runs} rows={rows} />;
  return <Differences runs={runs} rows={rows} showsAll={showsAll} />;
}
