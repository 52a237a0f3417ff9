/** A chart by the keyboard: arrows read it, + and - zoom. What is read is put in words, for those who do not see it. */
import { useRef, useState, type KeyboardEvent, type RefObject } from "react";
import type uPlot from "uplot";
import { useT } from "../app/i18n";
import { boundsOf, countWithin, partAround, pointAfter, pointAt, scaleOf, told, type Bounds } from "./chartPoints";
import { short } from "./number";

const MOVES = ["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"];
const NOTHING = { left: 0, top: 0, width: 0, height: 0 };

export type Zoom = (from?: number, to?: number) => void;

interface Keys {
  /** What the last key has led to, in words. */
  said: string;
  onKeyDown: (event: KeyboardEvent) => void;
  /** Takes back what keys have shown, as when the focus goes or the mouse takes over. */
  stop: () => void;
  /** To be called when a chart was drawn, as with other points: what is read stays where it is. */
  onDraw: (chart: uPlot) => void;
  /** Whether a part is marked, which is no zoom yet. */
  isMarking: () => boolean;
}

/**
 * Keys for a chart.
 *
 * @param drawn What is drawn now; nothing before that.
 * @param zoom Called with the part that was zoomed into, without values when it is left.
 */
export function useChartKeys(drawn: RefObject<{ chart: uPlot } | null>, zoom: RefObject<Zoom | undefined>): Keys {
  const t = useT();
  const [said, say] = useState("");
  // Places are kept by their x and not by their number: with each zoom the points are others.
  const at = useRef<number>(null);
  const mark = useRef<number>(null);
  const line = useRef<number>(null);
  const whole = useRef<Bounds>(null);

  const goTo = (chart: uPlot, point: number | null) => {
    if (point === null) return;
    at.current = chart.data[0][point];
    show(chart, at.current, mark.current, line.current);
    say(
      mark.current === null
        ? told(chart, point, line.current, t)
        : t("From {from} to {to}: Enter zooms", named(sorted(mark.current, at.current))),
    );
  };
  const move = (chart: uPlot, { key, shiftKey }: KeyboardEvent) => {
    const before = at.current;
    const point = pointAfter(chart, key, before, line.current);
    if (point === null) return;
    mark.current = shiftKey ? (mark.current ?? before ?? chart.data[0][point]) : null;
    goTo(chart, point);
  };
  const choose = (chart: uPlot, by: 1 | -1) => {
    line.current = lineAfter(chart, line.current, by);
    chart.setSeries(line.current, { focus: true });
    goTo(chart, pointAt(chart, at.current, line.current));
  };
  const toggle = (chart: uPlot, index: number) => {
    const { label, show: isShown } = chart.series[index];
    chart.setSeries(index, { show: !isShown });
    say(t(isShown ? "{line} is hidden" : "{line} is shown", { line: String(label) }));
  };
  const zoomTo = (chart: uPlot, part: Bounds) => {
    mark.current = null;
    const [min, max] = part;
    chart.setScale("x", { min, max });
    zoom.current?.(min, max);
    say(t("From {from} to {to}", named(part)));
  };
  const leave = (chart: uPlot) => {
    mark.current = null;
    chart.setData(chart.data);
    zoom.current?.();
    say(t("Whole"));
  };
  const scale = (chart: uPlot, factor: number) => {
    if (!whole.current) return;
    const [first, last] = whole.current;
    const [from, to] = partAround(chart, at.current, factor);
    if (from <= first && to >= last) return leave(chart);
    const part: Bounds = [Math.max(from, first), Math.min(to, last)];
    if (factor > 1 || countWithin(chart, part) > 1) zoomTo(chart, part);
  };

  /** What a key does here; nothing where it is none of the chart's. */
  const actOf = (chart: uPlot, event: KeyboardEvent): (() => void) | null => {
    const { key } = event;
    if (MOVES.includes(key)) return () => move(chart, event);
    if (key === "ArrowDown") return () => choose(chart, 1);
    if (key === "ArrowUp") return () => choose(chart, -1);
    if (key === "+" || key === "=") return () => scale(chart, 0.5);
    if (key === "-" || key === "_") return () => scale(chart, 2);
    if (key === "0") return () => leave(chart);
    const [index, from, to] = [line.current, mark.current, at.current];
    if (key === " ") return () => index !== null && toggle(chart, index);
    const isMarked = from !== null && to !== null;
    if (key === "Enter" && isMarked) return () => from !== to && zoomTo(chart, sorted(from, to));
    if (key !== "Escape") return null;
    if (!isMarked) return isZoomed(chart, whole.current) ? () => leave(chart) : null;
    return () => {
      mark.current = null;
      goTo(chart, pointAt(chart, to, index));
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chart = drawn.current?.chart;
    const act = chart && !event.ctrlKey && !event.altKey && !event.metaKey ? actOf(chart, event) : null;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const stop = () => {
    at.current = mark.current = line.current = null;
    say("");
    const chart = drawn.current?.chart;
    chart?.setSeries(null, { focus: true });
    chart?.setCursor({ left: -10, top: -10 });
    chart?.setSelect(NOTHING, false);
  };
  const onDraw = (chart: uPlot) => {
    const bounds = boundsOf(chart);
    // Who takes a zoom gives other points for it: the whole is the widest that was seen.
    whole.current = zoom.current && bounds && whole.current ? widest(whole.current, bounds) : bounds;
    if (line.current !== null && line.current >= chart.series.length) line.current = null;
    if (bounds && at.current !== null) show(chart, at.current, mark.current, line.current);
  };
  return { said, onKeyDown, stop, onDraw, isMarking: () => mark.current !== null };
}

/** Puts the cursor where something is read, and shows what is marked. */
function show(chart: uPlot, at: number, mark: number | null, line: number | null): void {
  const placeOf = (x: number) => Math.max(0, chart.valToPos(x, "x"));
  const point = chart.valToIdx(at);
  const value = line === null ? null : chart.data[line]?.[point];
  const height = chart.over.clientHeight;
  chart.setCursor({ left: placeOf(at), top: value == null ? height / 2 : chart.valToPos(value, "y") });
  // Of points within one pixel the cursor takes any.
  chart.setLegend({ idx: point });
  if (mark === null) return chart.setSelect(NOTHING, false);
  const [left, right] = sorted(placeOf(mark), placeOf(at));
  chart.setSelect({ left, top: 0, width: right - left, height }, false);
}

/** The line after one, and after the last one all of them again. */
function lineAfter({ series }: uPlot, line: number | null, by: 1 | -1): number | null {
  const next = ((line ?? 0) + by + series.length) % series.length;
  return next === 0 ? null : next;
}

function isZoomed(chart: uPlot, whole: Bounds | null): boolean {
  const [from, to] = scaleOf(chart);
  return whole !== null && (from > whole[0] || to < whole[1]);
}

const sorted = (one: number, other: number): Bounds => (one < other ? [one, other] : [other, one]);
const widest = (one: Bounds, other: Bounds): Bounds => [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
const named = ([from, to]: Bounds) => ({ from: short(from), to: short(to) });
