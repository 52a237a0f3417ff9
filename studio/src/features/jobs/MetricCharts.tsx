import { Button, Field, Select, Slider, Switch } from "@fluentui/react-components";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { points, type Window } from "../../api/queries";
import type { Point, Run } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Chart, type Line } from "../../ui/Chart";
import { Empty } from "../../ui/Empty";
import { short } from "../../ui/number";
import { useInSight } from "../../ui/useInSight";
import { useChartView, type ChartView } from "./chartView";
import { metricNames } from "./metricsAhead";

/** A chart per metric that any of the runs has logged; a line per run. */
export function MetricCharts({ names, runs }: { names: readonly string[]; runs: readonly Run[] }) {
  const t = useT();
  const [view, setView] = useChartView();
  const { all, own } = metricNames(runs);
  const shown = view.showsSystem ? all : own;
  if (all.length === 0) return <Empty>{t("No metrics yet.")}</Empty>;
  return (
    <>
      <div className="filters">
        <Select
          aria-label={t("Horizontal axis")}
          value={view.axis}
          onChange={(_, { value }) => setView({ axis: value as ChartView["axis"] })}
        >
          <option value="step">{t("Step")}</option>
          <option value="time">{t("Time since the first point")}</option>
        </Select>
        <Field label={t("Smoothing")} orientation="horizontal">
          <Slider
            min={0}
            max={0.95}
            step={0.05}
            value={view.smoothing}
            onChange={(_, { value }) => setView({ smoothing: value })}
          />
        </Field>
        <Switch
          label={t("Logarithmic")}
          checked={view.isLog}
          onChange={(_, { checked }) => setView({ isLog: checked })}
        />
        {all.length > own.length && (
          <Switch
            label={t("System metrics")}
            checked={view.showsSystem}
            onChange={(_, { checked }) => setView({ showsSystem: checked })}
          />
        )}
        <span className="faint">{t("Drag to zoom, double-click to leave. Keys: arrows, +, −, 0.")}</span>
      </div>
      <div className="charts">
        {shown.map((metric) => (
          <MetricChart key={metric} metric={metric} names={names} runs={runs} view={view} />
        ))}
      </div>
    </>
  );
}

interface ChartProps {
  metric: string;
  names: readonly string[];
  runs: readonly Run[];
  view: ChartView;
}

function MetricChart({ metric, names, runs, view }: ChartProps) {
  const t = useT();
  const scope = useScope();
  const [window, setWindow] = useState<Window>({});
  const [place, isInSight] = useInSight<HTMLElement>();
  const having = names.filter((name) =>
    runs.some((run) => run.info.run_id === name && run.data.metrics?.some(({ key }) => key === metric)),
  );
  const found = useQuery({
    ...points(scope, having, metric, window),
    enabled: isInSight && having.length > 0,
    placeholderData: keepPreviousData,
  });
  // When each run began to log it: seconds count from there, in a part as well.
  const starts = useRef(new Map<string, number>());
  const isZoomed = window.from !== undefined;
  if (found.data && !isZoomed && !found.isPlaceholderData) starts.current = startsOf(found.data, having);
  const lines = useMemo(
    () => asLines(found.data ?? [], having, runs, view.axis, starts.current),
    [found.data, runs, view.axis, having.join()],
  );
  const zoom = (from?: number, to?: number) => {
    if (from === undefined || to === undefined || view.axis === "step") return setWindow({ from, to });
    return setWindow(stepsWithin(found.data ?? [], having, starts.current, [from, to]));
  };
  const last = runs.length === 1 ? runs[0].data.metrics?.find(({ key }) => key === metric)?.value : undefined;
  const isFlat = !isZoomed && found.data !== undefined && lines.every((line) => line.points.length <= 1);
  return (
    <figure className={isFlat ? "chart-box once" : "chart-box"} ref={place}>
      <figcaption>
        <span>{metric}</span>
        {last !== undefined && <span className="number">{short(last)}</span>}
        {isZoomed && (
          <Button size="small" appearance="subtle" onClick={() => setWindow({})}>
            {t("Whole")}
          </Button>
        )}
      </figcaption>
      {!found.data ? (
        <div className="chart coming" aria-busy="true" />
      ) : isFlat ? (
        runs.length > 1 && <Values lines={lines} />
      ) : (
        <Chart
          // Along another axis nothing stays of what was read or zoomed into.
          key={view.axis}
          lines={lines}
          isLog={view.isLog}
          smoothing={view.smoothing}
          xLabel={view.axis === "step" ? t("Step") : t("Seconds")}
          label={metric}
          // The server is asked for the points of the part: the more one looks into it, the more exact it is.
          onZoom={zoom}
        />
      )}
    </figure>
  );
}

/** A metric that was logged once: a bar per run says more than a dot. */
function Values({ lines }: { lines: readonly Line[] }) {
  const most = Math.max(...lines.map(({ points: [only] }) => Math.abs(only?.y ?? 0)), Number.MIN_VALUE);
  return (
    <ul className="values">
      {lines.map(({ label, points: [only] }, index) => (
        <li key={index}>
          <span className="two-lines">
            <span>{label}</span>
          </span>
          <span className="bar" style={{ width: `${(100 * Math.abs(only?.y ?? 0)) / most}%` }} />
          <span className="number">{short(only?.y)}</span>
        </li>
      ))}
    </ul>
  );
}

function startsOf(found: Point[], names: readonly string[]): Map<string, number> {
  const starts = new Map<string, number>();
  for (const { run_id = names[0], timestamp } of found) {
    starts.set(run_id, Math.min(starts.get(run_id) ?? Infinity, timestamp));
  }
  return starts;
}

const secondsOf = (point: Point, names: readonly string[], starts: Map<string, number>): number =>
  (point.timestamp - (starts.get(point.run_id ?? names[0]) ?? point.timestamp)) / 1000;

/** The steps that were logged between these seconds. */
function stepsWithin(
  found: Point[],
  names: readonly string[],
  starts: Map<string, number>,
  [from, to]: [number, number],
): Window {
  const steps = found
    .filter((point) => {
      const seconds = secondsOf(point, names, starts);
      return seconds >= from && seconds <= to;
    })
    .map(({ step }) => step);
  if (steps.length === 0) return {};
  const bound = (pick: (one: number, other: number) => number) => steps.reduce((one, other) => pick(one, other));
  return { from: bound(Math.min), to: bound(Math.max) };
}

function asLines(
  found: Point[],
  names: readonly string[],
  runs: readonly Run[],
  axis: ChartView["axis"],
  starts: Map<string, number>,
): Line[] {
  const byRun = new Map<string, Point[]>(names.map((name) => [name, []]));
  for (const point of found) byRun.get(point.run_id ?? names[0])?.push(point);
  return [...byRun].map(([name, own]) => ({
    label: runs.find((run) => run.info.run_id === name)?.info.run_name || name,
    points: own.map((point) => ({
      x: axis === "step" ? point.step : secondsOf(point, names, starts),
      y: Number(point.value),
    })),
  }));
}
