import { Field, Select } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { Run } from "../../api/types";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { EChart } from "../../ui/EChart";
import { isNumeric, rowsOf } from "./values";

/** A dot per run, over two of the numbers it has. */
export default function Scatter({ runs }: { runs: readonly Run[] }) {
  const t = useT();
  const rows = useMemo(() => rowsOf(runs).filter(isNumeric), [runs]);
  const [across, setAcross] = useState<string>();
  const [up, setUp] = useState<string>();
  const x = rows.find(({ name }) => name === across) ?? rows[0];
  const y = rows.find(({ name }) => name === up) ?? rows.at(-1);
  const option = useMemo(
    () =>
      x &&
      y && {
        grid: { left: 72, right: 24, top: 24, bottom: 48 },
        xAxis: { name: x.name, nameLocation: "middle", nameGap: 30, scale: true },
        yAxis: { name: y.name, nameLocation: "middle", nameGap: 52, scale: true },
        series: {
          type: "scatter",
          symbolSize: 11,
          data: runs.map((_, index) => [Number(x.values[index] ?? NaN), Number(y.values[index] ?? NaN)]),
        },
      },
    [runs, x, y],
  );
  if (!option) return <Empty>{t("No metrics yet.")}</Empty>;
  const choice = (title: string, value: string | undefined, onChange: (name: string) => void) => (
    <Field label={title} orientation="horizontal">
      <Select value={value} onChange={(_, data) => onChange(data.value)}>
        {rows.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
    </Field>
  );
  return (
    <>
      <div className="filters">
        {choice(t("Across"), x?.name, setAcross)}
        {choice(t("Up"), y?.name, setUp)}
      </div>
      <EChart option={option} label={t("Scatter")} />
    </>
  );
}
