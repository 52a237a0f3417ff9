import { Button, Switch } from "@fluentui/react-components";
import { Play20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useT, useWords } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { Tabbed } from "../../ui/Tabbed";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { shortTarget } from "./MonitorsPage";
import { monitor, run, runs, TYPES, useMonitor, type Monitor, type MonitorRun } from "./monitoring";
import "./monitoring.css";
import { SignalState } from "./SignalState";
import { SignalView } from "./SignalView";

const TABS = [
  { id: "signals", title: "Signals" },
  { id: "runs", title: "Runs" },
] as const;

/** One monitor: its signals, what they came to over time, and its runs. */
export function MonitorPage() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate({ from: "/monitoring/$name" });
  const { name } = useParams({ from: "/monitoring/$name" });
  const search = useSearch({ from: "/monitoring/$name" });
  const found = useQuery(monitor(scope, name));
  const { enable, runNow } = useMonitor(name);
  const shown = search.tab === "runs" ? "runs" : "signals";
  return (
    <Loaded of={found}>
      {(one) => (
        <Page
          title={one.displayName}
          above={<Link to="/monitoring">{t("Monitoring")}</Link>}
          badge={<SignalState of={one.lastRun?.state} />}
          actions={
            <>
              <Switch
                label={t("Enabled")}
                checked={one.isEnabled}
                disabled={enable.isPending}
                onChange={(_, { checked }) => enable.mutate(checked)}
              />
              <Button
                icon={<Play20Regular />}
                disabled={runNow.isPending || !one.isEnabled}
                onClick={() => runNow.mutate()}
              >
                {t("Run now")}
              </Button>
            </>
          }
        >
          {(runNow.error ?? enable.error) && <Problem error={(runNow.error ?? enable.error) as Error} />}
          <Facts
            of={[
              [t("Target"), one.target && <Target key="target" of={one.target} />],
              [t("Last run"), one.lastRun && <When at={one.lastRun.scheduledTime} />],
              [t("Next time"), one.nextRunTime && <When at={one.nextRunTime} />],
              [t("Description"), one.description],
              [
                t("Schedule"),
                <Link key="schedule" to="/schedules/$name" params={{ name }}>
                  {name}
                </Link>,
              ],
            ]}
          />
          <Tabbed
            tabs={TABS}
            shown={shown}
            onShow={(tab) => void navigate({ search: { ...search, tab: tab === "signals" ? undefined : tab } })}
          >
            {shown === "signals" ? <Signals of={one} /> : <Runs name={name} />}
          </Tabbed>
        </Page>
      )}
    </Loaded>
  );
}

function Target({ of }: { of: string }) {
  const [endpoint, deployment] = shortTarget(of).split(":");
  return deployment ? (
    <Link to="/endpoints/online/$name" params={{ name: endpoint }} search={{}}>
      {shortTarget(of)}
    </Link>
  ) : (
    <code>{shortTarget(of)}</code>
  );
}

function Signals({ of }: { of: Monitor }) {
  const { t, language } = useWords();
  const search = useSearch({ from: "/monitoring/$name" });
  const names = Object.keys(of.signals);
  const chosen = search.signal && names.includes(search.signal) ? search.signal : names[0];
  return (
    <>
      <Table
        label={t("Signals")}
        rows={names}
        rowKey={(name) => name}
        columns={[
          {
            key: "name",
            title: t("Signal"),
            cell: (name) => (
              <Link
                to="/monitoring/$name"
                params={{ name: of.name }}
                search={{ ...search, signal: name, feature: undefined, metric: undefined }}
                aria-current={name === chosen ? "true" : undefined}
              >
                {name === chosen ? <strong>{name}</strong> : name}
              </Link>
            ),
          },
          { key: "type", title: t("Type"), cell: (name) => t(TYPES[of.signals[name].type] ?? "Own component") },
          {
            key: "state",
            title: t("State"),
            cell: (name) => <SignalState of={of.lastRun?.signals[name]?.state} />,
          },
          {
            key: "breaches",
            title: t("Beyond"),
            isNumber: true,
            cell: (name) => of.lastRun?.signals[name]?.breaches ?? "",
          },
          {
            key: "rows",
            title: t("Rows of production"),
            isNumber: true,
            cell: (name) => of.lastRun?.signals[name]?.production_rows?.toLocaleString(language) ?? "",
          },
          {
            key: "alert",
            title: t("Alerts"),
            cell: (name) => (of.signals[name].alertEnabled ? t("On") : t("Off")),
          },
        ]}
      />
      {chosen && <SignalView monitor={of.name} signal={chosen} last={of.lastRun} />}
    </>
  );
}

function Runs({ name }: { name: string }) {
  const t = useT();
  const scope = useScope();
  const search = useSearch({ from: "/monitoring/$name" });
  const found = useQuery(runs(scope, name));
  return (
    <Loaded of={found}>
      {(all) =>
        all.length === 0 ? (
          <Empty>{t("It has not run yet.")}</Empty>
        ) : (
          <>
            <Table
              label={t("Runs")}
              rows={all}
              rowKey={({ jobName }) => jobName}
              columns={[
                { key: "at", title: t("When"), cell: ({ scheduledTime }) => <When at={scheduledTime} /> },
                { key: "state", title: t("State"), cell: ({ state }) => <SignalState of={state} /> },
                {
                  key: "signals",
                  title: t("Signals"),
                  cell: ({ signals }) => (
                    <span className="row wrap">
                      {Object.entries(signals).map(([signal, { state }]) => (
                        <SignalState key={signal} of={state} name={signal} />
                      ))}
                    </span>
                  ),
                },
                {
                  key: "told",
                  title: t("Who was told"),
                  cell: ({ jobName }) => (
                    <Link to="/monitoring/$name" params={{ name }} search={{ ...search, tab: "runs", run: jobName }}>
                      {t("Look")}
                    </Link>
                  ),
                },
                {
                  key: "job",
                  title: t("Job"),
                  cell: ({ jobName }) => (
                    <Link to="/jobs/$name" params={{ name: jobName }}>
                      {jobName}
                    </Link>
                  ),
                },
              ]}
            />
            {search.run && <RunDetails name={name} job={search.run} />}
          </>
        )
      }
    </Loaded>
  );
}

function RunDetails({ name, job }: { name: string; job: string }) {
  const t = useT();
  const found = useQuery(run(useScope(), name, job));
  return (
    <Section title={job}>
      <Loaded of={found}>
        {({ signals, alerts }) => (
          <>
            <Reasons of={signals} />
            {alerts.length === 0 ? (
              <Empty>{t("Nobody was told.")}</Empty>
            ) : (
              <Table
                label={t("Who was told")}
                rows={alerts}
                rowKey={({ channel, target }) => `${channel} ${target}`}
                columns={[
                  { key: "target", title: t("Whom"), cell: ({ target }) => target },
                  { key: "channel", title: t("By"), cell: ({ channel }) => channel },
                  { key: "state", title: t("State"), cell: ({ state }) => state },
                  { key: "error", title: t("Reason"), cell: ({ error }) => error ?? "" },
                ]}
              />
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function Reasons({ of }: { of: MonitorRun["signals"] }) {
  return Object.entries(of)
    .filter(([, { reason }]) => reason)
    .map(([name, { reason }]) => (
      <p key={name} className="signal-reason">
        <strong>{name}</strong> {reason}
      </p>
    ));
}
