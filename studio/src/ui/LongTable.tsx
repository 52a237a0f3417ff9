import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import type { Column } from "./Table";

export interface LongColumn<Row> extends Column<Row> {
  /** A track of the grid, such as `minmax(12rem, 2fr)`. */
  width: string;
  /** The key of the column below whose cells these stand where there is no room for all columns beside each other. */
  below?: string;
}

interface Props<Row> {
  columns: LongColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  label: string;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
}

const ROW_HEIGHT = 44;
const GAP = 12;
const PADDING = 12;
const REM = parseFloat(getComputedStyle(document.documentElement).fontSize);
/** Rows beyond those in sight. */
const OVERSCAN = 6;
/** So many rows before the last one more are asked for. */
const NEAR_END = 20;

/** A table of which only the rows in sight exist: any number of them scrolls alike. */
export function LongTable<Row>({ columns: all, rows, rowKey, label, onEnd }: Props<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const columns = leastWidth(all) > useRoom(box) ? folded(all) : all;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - NEAR_END) onEnd?.();
  }, [last, rows.length, onEnd]);
  // No column is narrower than it says; then the table scrolls sideways.
  const minWidth = leastWidth(columns);
  const tracks = { gridTemplateColumns: columns.map((column) => column.width).join(" ") };
  return (
    <div ref={box} className="long-table" role="table" aria-label={label} aria-rowcount={rows.length + 1} tabIndex={0}>
      <div className="long-head" role="rowgroup" style={{ minWidth }}>
        <div role="row" aria-rowindex={1} className="long-row" style={tracks}>
          {columns.map((column) => (
            <div key={column.key} role="columnheader" className={column.isNumber ? "number" : undefined}>
              {column.title}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="long-body" style={{ height: virtual.getTotalSize(), minWidth }}>
        {shown.map((item) => {
          const row = rows[item.index];
          return (
            <div
              key={rowKey(row)}
              role="row"
              aria-rowindex={item.index + 2}
              className="long-row"
              style={{ ...tracks, height: item.size, transform: `translateY(${item.start}px)` }}
            >
              {columns.map((column) => (
                <div key={column.key} role="cell" className={column.isNumber ? "number" : undefined}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** As many pixels as a table has for its rows. */
function useRoom(box: RefObject<HTMLElement | null>): number {
  const [room, setRoom] = useState(Infinity);
  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const { current: place } = box;
    const measure = () => setRoom(place.clientWidth);
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(place);
    return () => watcher.disconnect();
  }, [box]);
  return room;
}

/** In pixels. */
function leastWidth(columns: readonly { width: string }[]): number {
  const widths = columns.map(({ width }) => {
    const least = /minmax\(([^,]+),/.exec(width)?.[1] ?? width;
    return parseFloat(least) * (least.endsWith("rem") ? REM : 1);
  });
  return widths.reduce((sum, width) => sum + width, (columns.length - 1) * GAP + 2 * PADDING);
}

function folded<Row>(columns: LongColumn<Row>[]): LongColumn<Row>[] {
  return columns
    .filter(({ below }) => below === undefined)
    .map((column) => {
      const second = columns.find(({ below }) => below === column.key);
      if (!second) return column;
      return {
        ...column,
        title: twoLines(column.title, second.title),
        cell: (row) => twoLines(column.cell(row), second.cell(row)),
      };
    });
}

const twoLines = (first: ReactNode, second: ReactNode) => (
  <span className="two-lines">
    <span>{first}</span>
    <span className="faint">{second}</span>
  </span>
);
