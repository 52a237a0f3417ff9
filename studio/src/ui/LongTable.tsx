import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Column } from "./Table";

export interface LongColumn<Row> extends Column<Row> {
  /** A track of the grid, such as `minmax(12rem, 2fr)`. */
  width: string;
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
/** Rows beyond those in sight. */
const OVERSCAN = 6;
/** So many rows before the last one more are asked for. */
const NEAR_END = 20;

/** A table of which only the rows in sight exist: any number of them scrolls alike. */
export function LongTable<Row>({ columns, rows, rowKey, label, onEnd }: Props<Row>) {
  const box = useRef<HTMLDivElement>(null);
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
  const least = columns.map(({ width }) => /minmax\(([^,]+),/.exec(width)?.[1] ?? width);
  const minWidth = `calc(${least.join(" + ")} + ${(columns.length - 1) * GAP + 24}px)`;
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
