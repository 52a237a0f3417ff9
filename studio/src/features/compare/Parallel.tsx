import { useMemo } from "react";
import type { Run } from "../../api/types";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { EChart, told } from "../../ui/EChart";
import { differs, isNumeric, nameOf, type Row } from "./values";

const MOST_AXES = 14;
const LONGEST_LABEL = 24;

/** Long words would run over the next axis. */
const fits = (row: Row): boolean =>
  isNumeric(row) || row.values.every((value) => String(value).length <= LONGEST_LABEL);

/** A line per run through everything in which the runs differ; coloured by the last metric. */
export default function Parallel({ runs, rows: all }: { runs: readonly Run[]; rows: readonly Row[] }) {
  const t = useT();
  const option = useMemo(() => {
    const rows = all
      .filter((row) => row.kind !== "fact" && row.kind !== "tag" && differs(row) && fits(row))
      .slice(0, MOST_AXES);
    if (rows.length < 2) return null;
    const axes = rows.map((row, dim) =>
      isNumeric(row)
        ? { dim, name: row.name, scale: true }
        : {
            dim,
            name: row.name,
            type: "category",
            data: [...new Set(row.values.map((value) => String(value ?? "–")))],
          },
    );
    const values = runs.map((run, index) => ({
      name: nameOf(run),
      value: rows.map((row) => (isNumeric(row) ? Number(row.values[index] ?? NaN) : String(row.values[index] ?? "–"))),
    }));
    const colored = rows.findLastIndex(isNumeric);
    const numbers = values.map(({ value }) => Number(value[colored])).filter(Number.isFinite);
    const least = Math.min(...numbers);
    const most = Math.max(...numbers);
    return {
      parallel: {
        left: 60,
        right: least < most ? 120 : 60,
        top: 48,
        bottom: 24,
        parallelAxisDefault: { nameTextStyle: { fontSize: 12 } },
      },
      parallelAxis: axes,
      visualMap:
        // A scale of colours without two ends would be an empty grey box.
        !(least < most)
          ? undefined
          : {
              show: true,
              right: 8,
              top: "middle",
              dimension: colored,
              min: least,
              max: most,
              precision: 4,
              inRange: { color: ["#8cb4ff", "#2b6cd9", "#d9622b"] },
            },
      series: { type: "parallel", lineStyle: { width: 2, opacity: 0.7 }, data: values },
      tooltip: told(rows.map(({ name }) => name)),
    };
  }, [runs, all]);
  if (!option) return <Empty>{t("The runs do not differ in what they have logged.")}</Empty>;
  return <EChart option={option} label={t("Parallel coordinates")} />;
}
