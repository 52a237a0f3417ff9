import { Tab, TabList } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { run as runQuery } from "../../api/queries";
import type { Run } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Facts } from "../../ui/Facts";
import { FileBrowser } from "../../ui/FileBrowser";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Took, When } from "../../ui/time";
import { MetricCharts } from "./MetricCharts";

/** A run that is no job: what a client of MLflow has logged from anywhere. */
export default function RunPage({ name }: { name: string }) {
  const found = useQuery(runQuery(useScope(), name));
  return <Loaded of={found}>{(run) => <Found run={run} />}</Loaded>;
}

function Found({ run }: { run: Run }) {
  const t = useT();
  const { tab = "overview", path } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const { info, data } = run;
  return (
    <Page
      title={info.run_name}
      above={<Link to="/jobs">{t("Jobs")}</Link>}
      badge={<span className="faint">{info.status}</span>}
    >
      <TabList
        selectedValue={tab}
        onTabSelect={(_, { value }) => void navigate({ search: (old) => ({ wsid: old.wsid, tab: String(value) }) })}
      >
        <Tab value="overview">{t("Overview")}</Tab>
        <Tab value="metrics">{t("Metrics")}</Tab>
        <Tab value="outputs">{t("Outputs")}</Tab>
      </TabList>
      <div className="tab-body">
        {tab === "overview" && (
          <div className="columns">
            <Section title={t("Properties")}>
              <Facts
                of={[
                  [t("Name"), <code key="name">{info.run_id}</code>],
                  [t("Created by"), info.user_id],
                  [t("Started"), <When key="at" at={info.start_time} />],
                  [
                    t("Duration"),
                    <Took key="took" from={info.start_time} to={info.end_time} isOver={info.end_time !== undefined} />,
                  ],
                ]}
              />
            </Section>
            <Section title={t("Parameters")}>
              <Facts of={(data.params ?? []).map(({ key, value }) => [key, <code>{value}</code>])} />
            </Section>
          </div>
        )}
        {tab === "metrics" && <MetricCharts names={[info.run_id]} runs={[run]} />}
        {tab === "outputs" && (
          <FileBrowser
            uri={`runs:/${info.run_id}/`}
            path={path ?? ""}
            onOpen={(next) => void navigate({ search: (old) => ({ ...old, path: next || undefined }) })}
          />
        )}
      </div>
    </Page>
  );
}
