import { Field, Select } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Run } from "../../api/types";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { EChart, told } from "../../ui/EChart";
import { isNumeric, nameOf, type Row } from "./values";

/** A parameter and a metric may share a name. */
const keyOf = (row: Row): string => `${row.kind}:${row.name}`;

/** A dot per run, over two of the numbers it has. */
export default function Scatter({ runs, rows: all }: { runs: readonly Run[]; rows: readonly Row[] }) {
  const t = useT();
  const rows = useMemo(() => all.filter((row) => row.kind !== "tag" && isNumeric(row)), [all]);
  const titleOf = (row: Row) => (row.kind === "fact" ? t(row.name) : row.name);
  const { across, up } = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const set = (axes: { across?: string; up?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...axes }), replace: true });
  const x = rows.find((row) => keyOf(row) === across) ?? rows[0];
  const y = rows.find((row) => keyOf(row) === up) ?? rows.findLast(({ kind }) => kind === "metric") ?? rows.at(-1);
  const option = useMemo(
    () =>
      x &&
      y && {
        grid: { left: 72, right: 24, top: 24, bottom: 48 },
        xAxis: { name: titleOf(x), nameLocation: "middle", nameGap: 30, scale: true },
        yAxis: { name: titleOf(y), nameLocation: "middle", nameGap: 52, scale: true },
        series: {
          type: "scatter",
          symbolSize: 11,
          data: runs.map((run, index) => ({
            name: nameOf(run),
            value: [Number(x.values[index] ?? NaN), Number(y.values[index] ?? NaN)],
          })),
        },
        tooltip: told([titleOf(x), titleOf(y)]),
      },
    [runs, x, y, t],
  );
  if (!option) return <Empty>{t("No metrics yet.")}</Empty>;
  const choice = (title: string, value: string | undefined, onChange: (name: string) => void) => (
    <Field label={title} orientation="horizontal">
      <Select value={value} onChange={(_, data) => onChange(data.value)}>
        {rows.map((row) => (
          <option key={keyOf(row)} value={keyOf(row)}>
            {titleOf(row)}
          </option>
        ))}
      </Select>
    </Field>
  );
  return (
    <>
      <div className="filters">
        {choice(t("Across"), x && keyOf(x), (name) => set({ across: name }))}
        {choice(t("Up"), y && keyOf(y), (name) => set({ up: name }))}
      </div>
      <EChart option={option} label={t("Scatter")} />
    </>
  );
}
