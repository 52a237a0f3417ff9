import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Chart, type Line } from "../../ui/Chart";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import { Histogram } from "./Histogram";
import { distribution, series, type MonitorRun, type Point } from "./monitoring";
import { spaced } from "../../ui/terms";

const MOST_LINES = 8;

interface Props {
  monitor: string;
  signal: string;
  last: MonitorRun | null;
}

/** One signal: its values over time, feature by feature, and how a feature is distributed. */
export function SignalView({ monitor, signal, last }: Props) {
  const t = useT();
  const scope = useScope();
  const found = useQuery(series(scope, monitor, signal));
  const told = last?.signals[signal];
  return (
    <Section title={signal}>
      {told?.reason && <p className="signal-reason">{told.reason}</p>}
      {told?.notes?.map((note) => (
        <p key={note} className="faint">
          {note}
        </p>
      ))}
      <Loaded of={found}>
        {(points) =>
          points.length === 0 ? (
            <Empty>{t("Nothing was measured yet.")}</Empty>
          ) : (
            <Measured monitor={monitor} signal={signal} points={points} />
          )
        }
      </Loaded>
    </Section>
  );
}

function Measured({ monitor, signal, points }: { monitor: string; signal: string; points: Point[] }) {
  const t = useT();
  const search = useSearch({ from: "/monitoring/$name" });
  const navigate = useNavigate({ from: "/monitoring/$name" });
  const metrics = [...new Set(points.map(({ metric }) => metric))];
  const runs = [...new Set(points.map(({ jobName }) => jobName))];
  const lastRun = runs[runs.length - 1];
  const newest = points.filter(({ jobName }) => jobName === lastRun);
  const metric =
    search.metric && metrics.includes(search.metric)
      ? search.metric
      : (newest.find(({ breached }) => breached)?.metric ?? newest[0].metric);
  const features = [...new Set(points.map(({ feature }) => feature))];
  const chosen = search.feature !== undefined && features.includes(search.feature) ? search.feature : undefined;
  return (
    <>
      {metrics.length > 1 && (
        <Field label={t("Metric")}>
          <Select
            value={metric}
            onChange={(_, { value }) => void navigate({ search: { ...search, signal, metric: value } })}
          >
            {metrics.map((each) => (
              <option key={each} value={each}>
                {spaced(each)}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <Chart
        label={t("{metric} over time", { metric: spaced(metric) })}
        xLabel={t("Run")}
        isCounted
        lines={linesOf(points, metric, runs, chosen, t("All"), t("Threshold"))}
      />
      <Table
        label={t("Last values")}
        rows={newest}
        rowKey={({ feature, metric: each }) => `${feature} ${each}`}
        columns={[
          {
            key: "feature",
            title: t("Feature"),
            cell: ({ feature, metric: each }) =>
              feature ? (
                <Link
                  to="/monitoring/$name"
                  params={{ name: monitor }}
                  search={{ ...search, signal, feature, metric: each }}
                  aria-current={feature === chosen ? "true" : undefined}
                >
                  {feature}
                </Link>
              ) : (
                t("All")
              ),
          },
          { key: "metric", title: t("Metric"), cell: ({ metric: each }) => spaced(each) },
          { key: "value", title: t("Value"), isNumber: true, cell: ({ value }) => short(value) },
          { key: "threshold", title: t("Threshold"), isNumber: true, cell: ({ threshold }) => short(threshold) },
          {
            key: "breached",
            title: t("State"),
            cell: ({ breached, threshold }) =>
              breached ? <span className="status bad">{t("Beyond a threshold")}</span> : threshold === null ? "" : "✓",
          },
        ]}
      />
      {chosen && lastRun && <Feature monitor={monitor} signal={signal} job={lastRun} feature={chosen} />}
    </>
  );
}

/** A line for each feature, those with the greatest last value first, and the threshold. */
function linesOf(
  points: Point[],
  metric: string,
  runs: string[],
  feature: string | undefined,
  all: string,
  threshold: string,
): Line[] {
  const place = new Map(runs.map((job, index) => [job, index + 1]));
  const wanted = points.filter(
    (point) => point.metric === metric && (feature === undefined || point.feature === feature),
  );
  const last = new Map(wanted.map(({ feature: each, value }) => [each, value ?? 0]));
  const names = [...last.keys()].sort((one, other) => (last.get(other) ?? 0) - (last.get(one) ?? 0));
  const lines = names.slice(0, MOST_LINES).map((name) => ({
    label: name || all,
    points: wanted
      .filter((point) => point.feature === name && point.value !== null)
      .map((point) => ({ x: place.get(point.jobName) ?? 0, y: point.value as number })),
  }));
  const limits = new Map(
    wanted
      .filter((point) => point.threshold !== null)
      .map((point) => [place.get(point.jobName) ?? 0, point.threshold as number]),
  );
  if (limits.size === 0) return lines;
  return [...lines, { label: threshold, points: [...limits].map(([x, y]) => ({ x, y })) }];
}

function Feature({ monitor, signal, job, feature }: { monitor: string; signal: string; job: string; feature: string }) {
  const t = useT();
  const found = useQuery({ ...distribution(useScope(), monitor, job, signal, feature), retry: false });
  return (
    <Section title={t("Distribution of {feature}", { feature })}>
      {found.error ? (
        <Empty>{t("This run has not kept how it is distributed.")}</Empty>
      ) : (
        <Loaded of={found}>{(shown) => <Histogram of={shown} feature={feature} />}</Loaded>
      )}
    </Section>
  );
}
