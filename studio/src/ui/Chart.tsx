import { useEffect, useId, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useT } from "../app/i18n";
import { useTheme } from "../app/theme";
import { short } from "./number";
import { useChartKeys, type Zoom } from "./useChartKeys";

export interface Line {
  label: string;
  points: readonly { x: number; y: number }[];
}

interface Props {
  lines: readonly Line[];
  isLog?: boolean;
  /** Weight of what came before, from 0 (none) to below 1. */
  smoothing?: number;
  xLabel: string;
  /** Whether what stands below is counted: no half of it is drawn. */
  isCounted?: boolean;
  label: string;
  height?: number;
  /** Called with the part that was zoomed into; without values when it is left. */
  onZoom?: Zoom;
}

const COLORS = ["#2b6cd9", "#d9622b", "#1f9d6b", "#9b4dca", "#c2a000", "#c2416b", "#3fa7c7", "#7a6f5d"];

export const color = (index: number): string => COLORS[index % COLORS.length];

function smooth(values: (number | null)[], weight: number): (number | null)[] {
  let last: number | null = null;
  return values.map((value) => {
    if (value === null) return null;
    last = last === null ? value : last * weight + value * (1 - weight);
    return last;
  });
}

/** All lines over the union of their x values, as uPlot takes them. */
function aligned(lines: readonly Line[], weight: number): uPlot.AlignedData {
  const tables = lines.map((line): uPlot.AlignedData => {
    const sorted = [...line.points].sort((one, other) => one.x - other.x);
    const ys: (number | null)[] = sorted.map(({ y }) => (Number.isFinite(y) ? y : null));
    return [sorted.map(({ x }) => x), weight > 0 ? smooth(ys, weight) : ys];
  });
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? tables[0] : uPlot.join(tables);
}

/** What decides how a chart is built; points alone only have to be drawn anew. */
interface Build {
  labels: string;
  arePoints: boolean;
}

function buildOf(lines: readonly Line[]): Build {
  return {
    labels: JSON.stringify(lines.map(({ label }) => label)),
    // Points without a value are not drawn: what counts is how many others there are.
    arePoints: lines.every(({ points }) => points.filter(({ y }) => Number.isFinite(y)).length < MOST_DOTS),
  };
}

const MOST_DOTS = 60;
/** More lines than these would be a legend higher than the chart. */
const MOST_NAMED = 12;
const COUNTS = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((each) => each * 10 ** power));

/** From where to where the scale goes. Where all is 0 it ends at 1: a scale up to 100 would promise that there was much. */
function spread(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [null, null];
  return low === 0 && high === 0 ? [0, 1] : uPlot.rangeNum(low, high, 0.1, true);
}

/** Lines over a number. Dragging zooms, a double click leaves the zoom; keys do the same, and read it. */
export function Chart({
  lines,
  isLog = false,
  smoothing = 0,
  xLabel,
  isCounted = false,
  label,
  height = 220,
  onZoom,
}: Props) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ chart: uPlot; values: uPlot.AlignedData }>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const t = useT();
  const id = useId();
  const { said, onKeyDown, stop, onDraw, isMarking } = useChartKeys(drawn, zoom);
  const { shown } = useTheme();
  const { labels, arePoints } = buildOf(lines);
  const values = useMemo(() => aligned(lines, smoothing), [lines, smoothing]);
  const latest = useRef(values);
  latest.current = values;
  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const names = JSON.parse(labels) as string[];
    const ink = getComputedStyle(place).color;
    const grid = { stroke: shown === "dark" ? "#3d3d3d" : "#e5e5e5", width: 1 };
    const chart = new uPlot(
      {
        width: Math.max(place.clientWidth, 120),
        height,
        scales: { x: { time: false }, y: isLog ? { distr: 3 } : { range: spread } },
        legend: { live: names.length <= MOST_NAMED, show: names.length <= MOST_NAMED },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        series: [
          { label: xLabel },
          ...names.map((name, index) => ({
            label: name,
            stroke: color(index),
            width: 1.5,
            spanGaps: true,
            points: { show: arePoints },
            value: (_: uPlot, value: number | null) => short(value),
          })),
        ],
        axes: [
          { stroke: ink, grid, ...(isCounted ? { incrs: COUNTS } : {}) },
          {
            stroke: ink,
            grid,
            size: 64,
            values: (_: uPlot, ticks: (number | null)[]) =>
              ticks.map((tick) => (tick === null ? "" : String(Number(tick.toPrecision(4))))),
          },
        ],
        hooks: {
          draw: [onDraw],
          setSelect: [
            (self) => {
              if (self.select.width > 0 && !isMarking()) {
                zoom.current?.(
                  self.posToVal(self.select.left, "x"),
                  self.posToVal(self.select.left + self.select.width, "x"),
                );
              }
            },
          ],
        },
      },
      latest.current,
      place,
    );
    drawn.current = { chart, values: latest.current };
    const left = () => zoom.current?.();
    place.addEventListener("dblclick", left);
    const watcher = new ResizeObserver(() => {
      const width = Math.max(place.clientWidth, 120);
      if (width !== chart.width) chart.setSize({ width, height });
    });
    watcher.observe(place);
    return () => {
      drawn.current = null;
      watcher.disconnect();
      place.removeEventListener("dblclick", left);
      chart.destroy();
    };
  }, [labels, arePoints, isLog, xLabel, isCounted, height, shown]);
  useEffect(() => {
    if (!drawn.current || drawn.current.values === values) return;
    drawn.current.values = values;
    drawn.current.chart.setData(values);
  }, [values]);
  // Without a point there is nothing to go through, and Tab passes by.
  const hasPoints = lines.some(({ points }) => points.some(({ y }) => Number.isFinite(y)));
  return (
    <>
      <div
        ref={box}
        className="chart"
        aria-label={label}
        {...(hasPoints
          ? { role: "application", tabIndex: 0, "aria-describedby": id, onKeyDown, onBlur: stop, onPointerDown: stop }
          : { role: "img" })}
      />
      <span id={id} hidden>
        {t(
          "Arrows go from point to point and from line to line, Home and End to the ends, PageUp and PageDown further. Plus and minus zoom, 0 or Escape shows the whole; Shift with an arrow marks a part, Enter zooms into it. Space hides a line that was chosen.",
        )}
      </span>
      <p className={lines.length > MOST_NAMED ? "faint" : "visually-hidden"} role="status">
        {said}
      </p>
    </>
  );
}
