import { useState } from "react";
import { useT } from "../app/i18n";
import { LongTable } from "./LongTable";
import { short } from "./number";

/** As much of a chart of ECharts as its numbers are read from. */
export interface Drawn {
  [option: string]: unknown;
  xAxis: { name: string; data?: string[] };
  yAxis: { name: string };
  series: Series[];
}

export interface Series {
  [option: string]: unknown;
  name?: string;
  /** Points, or a number for each word of the horizontal axis. */
  data: readonly (readonly [x: number, y: number] | number)[];
}

interface Value {
  id: string;
  line: string;
  x: string;
  y: number;
}

/** What is drawn, in numbers, for who does not see it or wants to know exactly. */
export function LoggedValues({ of: { xAxis, yAxis, series } }: { of: Drawn }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  // Beside others a line without a name is none of the data, such as that of chance.
  const lines = series.length > 1 ? series.filter(({ name }) => name) : series;
  const rows = lines.flatMap(({ name = "", data }) =>
    data.map((point, index): Value => {
      const [x, y] = typeof point === "number" ? [xAxis.data?.[index] ?? "", point] : [short(point[0]), point[1]];
      return { id: `${name} ${index}`, line: name, x, y };
    }),
  );
  const width = "minmax(7rem, 1fr)";
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t("Values")}</summary>
      {isOpen && (
        <LongTable
          label={t("Values")}
          rows={rows}
          rowKey={({ id }) => id}
          columns={[
            ...(lines.length > 1 ? [{ key: "line", title: t("Name"), width, cell: ({ line }: Value) => line }] : []),
            { key: "x", title: xAxis.name, width, isNumber: true, cell: ({ x }) => x },
            { key: "y", title: yAxis.name, width, isNumber: true, cell: ({ y }) => short(y) },
          ]}
        />
      )}
    </details>
  );
}
