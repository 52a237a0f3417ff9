import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Run } from "../../api/types";
import { useT, type Message } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { short } from "../../ui/number";
import { Table, type Column } from "../../ui/Table";
import { differs, nameOf, type Row } from "./values";

interface Props {
  runs: readonly Run[];
  rows: readonly Row[];
  showsAll: boolean;
}

const KINDS: Record<Row["kind"], Message> = {
  input: "Input",
  parameter: "Parameter",
  metric: "Metric",
  tag: "Tag",
  fact: "Properties",
};

/** A row per input, parameter, metric and what else tells runs apart, a column per run. */
export function Differences({ runs, rows: all, showsAll }: Props) {
  const t = useT();
  const rows = useMemo(
    () => all.filter((row) => showsAll || runs.length < 2 || differs(row)),
    [all, runs.length, showsAll],
  );
  const highest = useMemo(() => new Map(rows.map((row) => [row, best(row)])), [rows]);
  if (rows.length === 0) return <Empty>{t("The runs do not differ in what they have logged.")}</Empty>;
  const columns: Column<Row>[] = [
    {
      key: "name",
      title: t("Name"),
      cell: (row) => (
        <span className="two-lines">
          <span>{row.kind === "fact" ? t(row.name) : row.name}</span>
          <span className="faint">{t(KINDS[row.kind])}</span>
        </span>
      ),
    },
    ...runs.map((run, index): Column<Row> => ({
      key: run.info.run_id,
      title: (
        <span className="two-lines">
          <Link to="/jobs/$name" params={{ name: run.info.run_id }}>
            {nameOf(run)}
          </Link>
          <span className="faint">{run.info.run_id}</span>
        </span>
      ),
      isNumber: true,
      cell: (row) => (
        <span className={highest.get(row) === index ? "best" : undefined}>{short(row.values[index])}</span>
      ),
    })),
  ];
  return <Table label={t("Compare")} columns={columns} rows={rows} rowKey={(row) => `${row.kind}:${row.name}`} />;
}

/** The highest value of a metric stands out; which end is the good one only the reader knows. */
function best(row: Row): number | undefined {
  if (row.kind !== "metric" || !differs(row)) return undefined;
  const numbers = row.values.map((value) => (value === undefined ? -Infinity : Number(value)));
  return numbers.indexOf(Math.max(...numbers));
}
