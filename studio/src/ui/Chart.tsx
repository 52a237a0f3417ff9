import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../app/theme";
import { short } from "./number";

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
  label: string;
  height?: number;
  /** Called with the part that was zoomed into; without values when it is left. */
  onZoom?: (from?: number, to?: number) => void;
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

/** Lines over a number. Dragging zooms, a double click leaves the zoom. */
export function Chart({ lines, isLog = false, smoothing = 0, xLabel, label, height = 220, onZoom }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const { shown } = useTheme();
  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const ink = getComputedStyle(place).color;
    const grid = { stroke: shown === "dark" ? "#3d3d3d" : "#e5e5e5", width: 1 };
    const chart = new uPlot(
      {
        width: Math.max(place.clientWidth, 120),
        height,
        scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
        legend: { live: lines.length <= 12, show: lines.length <= 12 },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        series: [
          { label: xLabel },
          ...lines.map((line, index) => ({
            label: line.label,
            stroke: color(index),
            width: 1.5,
            spanGaps: true,
            points: { show: line.points.length < 60 },
            value: (_: uPlot, value: number | null) => short(value),
          })),
        ],
        axes: [
          { stroke: ink, grid },
          {
            stroke: ink,
            grid,
            size: 64,
            values: (_: uPlot, ticks: (number | null)[]) =>
              ticks.map((tick) => (tick === null ? "" : String(Number(tick.toPrecision(4))))),
          },
        ],
        hooks: {
          setSelect: [
            (self) => {
              if (self.select.width > 0) {
                zoom.current?.(
                  self.posToVal(self.select.left, "x"),
                  self.posToVal(self.select.left + self.select.width, "x"),
                );
              }
            },
          ],
        },
      },
      aligned(lines, smoothing),
      place,
    );
    const left = () => zoom.current?.();
    place.addEventListener("dblclick", left);
    const watcher = new ResizeObserver(() => chart.setSize({ width: Math.max(place.clientWidth, 120), height }));
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      place.removeEventListener("dblclick", left);
      chart.destroy();
    };
  }, [lines, isLog, smoothing, xLabel, height, shown]);
  return <div ref={box} className="chart" role="img" aria-label={label} />;
}
