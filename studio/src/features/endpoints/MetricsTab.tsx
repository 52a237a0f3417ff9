import { Field, Select } from "@fluentui/react-components";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { endpointMetrics, type EndpointMetrics, type Part } from "../../api/endpoints";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Chart, type Line } from "../../ui/Chart";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import type { TabProps } from "./EndpointPage";

const SPANS: [number, Message][] = [
  [5, "5 minutes"],
  [15, "15 minutes"],
  [60, "1 hour"],
  [360, "6 hours"],
  [1440, "1 day"],
];

/** How an endpoint is asked: how often, how fast it answers, and how often it fails. Charts follow by themselves. */
export default function MetricsTab({ endpoint }: TabProps) {
  const t = useT();
  const { minutes } = useSearch({ from: "/endpoints/online/$name" });
  const navigate = useNavigate({ from: "/endpoints/online/$name" });
  const span = SPANS.find(([each]) => String(each) === minutes)?.[0] ?? 15;
  const found = useQuery({ ...endpointMetrics(useScope(), endpoint.name, span), placeholderData: keepPreviousData });
  return (
    <>
      <div className="filters">
        <Field label={t("The last")} orientation="horizontal">
          <Select
            value={String(span)}
            onChange={(_, { value }) => void navigate({ search: (old) => ({ ...old, minutes: value }), replace: true })}
          >
            {SPANS.map(([each, title]) => (
              <option key={each} value={each}>
                {t(title)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Loaded of={found}>{(metrics) => <Figures metrics={metrics} />}</Loaded>
    </>
  );
}

function Figures({ metrics }: { metrics: EndpointMetrics }) {
  const t = useT();
  const seconds = metrics.secondsEach;
  const charts = useMemo(() => chartsOf(metrics), [metrics]);
  const hasTokens = metrics.deployments.some(({ tokens }) => tokens > 0);
  if (metrics.deployments.length === 0) return <Empty>{t("Nobody has asked it lately.")}</Empty>;
  return (
    <>
      {!metrics.isWhole && <p className="faint">{t("Earlier requests are not known any more.")}</p>}
      <Table
        label={t("Metrics")}
        rows={metrics.deployments}
        rowKey={({ name }) => name}
        columns={[
          { key: "name", title: t("Deployment"), cell: ({ name }) => name || t("Refused") },
          { key: "requests", title: t("Requests"), isNumber: true, cell: ({ requests }) => requests },
          { key: "errors", title: t("Errors"), isNumber: true, cell: ({ errors }) => errors },
          ...(hasTokens
            ? [{ key: "tokens", title: t("Tokens"), isNumber: true, cell: ({ tokens }: Part) => tokens }]
            : []),
          ...(["p50", "p95", "p99"] as const).map((part) => ({
            key: part,
            title: `${part} (ms)`,
            isNumber: true,
            cell: (each: Part) => short(each[part]),
          })),
          {
            key: "statuses",
            title: t("Status"),
            cell: ({ statuses }) =>
              Object.entries(statuses)
                .map(([status, count]) => `${status} × ${count}`)
                .join(", "),
          },
        ]}
      />
      <div className="charts endpoint-charts">
        {charts.map(({ title, lines }) => (
          <figure key={title} className="chart-box">
            <figcaption>{t(title)}</figcaption>
            <Chart lines={lines} xLabel={t("Minutes before now")} label={t(title)} />
          </figure>
        ))}
      </div>
      <p className="faint">{t("Each point stands for {seconds} seconds.", { seconds: short(seconds) })}</p>
    </>
  );
}

interface Drawn {
  title: Message;
  lines: Line[];
}

function chartsOf({ deployments, secondsEach }: EndpointMetrics): Drawn[] {
  const lines = (suffix: string, value: (part: Part) => number | undefined): Line[] =>
    deployments.map(({ name, series }) => ({
      label: [name, suffix].filter(Boolean).join(" "),
      // Where nothing is known stands a point that is not drawn: all charts go over the same time.
      points: series.map((part, index) => ({
        x: (-(series.length - 1 - index) * secondsEach) / 60,
        y: value(part) ?? NaN,
      })),
    }));
  return [
    { title: "Requests per second", lines: lines("", ({ requests }) => requests / secondsEach) },
    {
      title: "Latency in milliseconds",
      lines: [...lines("p50", ({ p50 }) => p50), ...lines("p95", ({ p95 }) => p95)],
    },
    { title: "Errors", lines: lines("", ({ errors }) => errors) },
    ...(deployments.some(({ tokens }) => tokens > 0)
      ? [{ title: "Tokens" as const, lines: lines("", ({ tokens }) => tokens) }]
      : []),
  ];
}
