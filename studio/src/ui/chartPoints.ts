/** The points of a chart as they are gone through one by one: which is next, and what stands there in words. */
import type uPlot from "uplot";
import type { Translate } from "../app/i18n";
import { short } from "./number";

/** From where to where on the horizontal axis. */
export type Bounds = readonly [from: number, to: number];

/** As many lines are read one by one; of more only how far they reach. */
const MOST_READ = 6;

/** Of so many points in sight one is gone over by a page. */
const PAGES = 10;

/** The horizontal axis, as far as there are points; nothing where there are none. */
export function boundsOf({ data: [xs] }: uPlot): Bounds | null {
  return xs.length === 0 ? null : [xs[0], xs[xs.length - 1]];
}

/**
 * The number of the point that a key goes to from a place; nothing where there is none in sight.
 *
 * @param at The x that is left; nothing where no point was read yet.
 * @param line Whose points these are; without it a point counts that any line has which is shown.
 */
export function pointAfter(chart: uPlot, key: string, at: number | null, line: number | null): number | null {
  const [first, last] = inSight(chart);
  const here = at === null ? null : chart.valToIdx(at);
  const page = Math.max(1, Math.round((last - first) / PAGES));
  const start = () => nearest(chart, first, 1, line);
  const end = () => nearest(chart, last, -1, line);
  if (key === "Home") return start();
  if (key === "End") return end();
  if (key === "ArrowRight") return here === null ? start() : nearest(chart, here + 1, 1, line);
  if (key === "ArrowLeft") return here === null ? end() : nearest(chart, here - 1, -1, line);
  if (key === "PageDown") return here === null ? start() : (nearest(chart, here + page, 1, line) ?? end());
  return here === null ? end() : (nearest(chart, here - page, -1, line) ?? start());
}

/** The point of a line that is at a place, or else beside it. */
export function pointAt(chart: uPlot, at: number | null, line: number | null): number | null {
  const here = at === null ? 0 : chart.valToIdx(at);
  return nearest(chart, here, 1, line) ?? nearest(chart, here, -1, line);
}

/** A part as many times as wide as what is in sight, in which a place stays where it is. */
export function partAround(chart: uPlot, at: number | null, factor: number): Bounds {
  const [from, to] = scaleOf(chart);
  const still = at !== null && at >= from && at <= to ? at : (from + to) / 2;
  return [still - (still - from) * factor, still + (to - still) * factor];
}

export function countWithin({ data: [xs] }: uPlot, [from, to]: Bounds): number {
  return Array.from(xs).filter((x) => x >= from && x <= to).length;
}

/** What stands at a point: of all lines that are shown, or of one. */
export function told(chart: uPlot, point: number, line: number | null, t: Translate): string {
  const lines = chart.series.flatMap(({ label, show }, index) => {
    const value = index === 0 ? null : chart.data[index][point];
    const isRead = line === null ? show : index === line;
    return isRead && value != null ? [{ label: String(label), value }] : [];
  });
  const place = `${String(chart.series[0].label)} ${short(chart.data[0][point])}`;
  if (lines.length <= MOST_READ) {
    return `${place}: ${lines.map(({ label, value }) => `${label} ${short(value)}`).join(", ")}`;
  }
  const values = lines.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)].map(short);
  return `${place}: ${t("{count} lines from {least} to {most}", { count: lines.length, least, most })}`;
}

export function scaleOf({ scales: { x } }: uPlot): Bounds {
  return [x.min ?? 0, x.max ?? 0];
}

/** The numbers of the first and the last point in sight. */
function inSight(chart: uPlot): Bounds {
  const [xs] = chart.data;
  const [from, to] = scaleOf(chart);
  const [first, last] = [chart.valToIdx(from), chart.valToIdx(to)];
  return [xs[first] < from ? first + 1 : first, xs[last] > to ? last - 1 : last];
}

/** The first point with a value, from one on in a direction, as far as one sees. */
function nearest(chart: uPlot, begin: number, by: 1 | -1, line: number | null): number | null {
  const [first, last] = inSight(chart);
  const lines = chart.series.flatMap(({ show }, index) =>
    index > 0 && (line === null ? show : index === line) ? [chart.data[index]] : [],
  );
  const from = by > 0 ? Math.max(begin, first) : Math.min(begin, last);
  for (let point = from; point >= first && point <= last; point += by) {
    if (lines.some((values) => values[point] != null)) return point;
  }
  return null;
}
