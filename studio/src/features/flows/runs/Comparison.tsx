import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { flowComparison, type FlowRun } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { AssetLink } from "../../../ui/AssetLink";
import { Loaded } from "../../../ui/Loaded";
import { money, short } from "../../../ui/number";
import { Status } from "../../../ui/Status";
import { Table, type Column } from "../../../ui/Table";
import { variantName } from "../words";
import { LineCount } from "./RunsTab";

interface Row {
  name: string;
  cell: (run: FlowRun, index: number) => ReactNode;
}

/** Runs side by side: a column for each, a row for each thing that can differ. */
export function Comparison({ jobs, onClose }: { jobs: string[]; onClose: () => void }) {
  const t = useT();
  const found = useQuery(flowComparison(useScope(), jobs));
  return (
    <Loaded of={found}>
      {({ value, metrics }) => {
        const rows: Row[] = [
          { name: t("Status"), cell: (run) => <Status of={run.status} /> },
          { name: t("Version"), cell: (run) => run.version },
          { name: t("Variant"), cell: (run) => variantName(run.variant) },
          { name: t("Data"), cell: (run) => <AssetLink id={run.data} /> },
          { name: t("Lines"), cell: (run) => <LineCount run={run} /> },
          { name: t("Tokens"), cell: (run) => run.tokens?.total ?? "" },
          { name: t("Cost"), cell: (run) => money(run.cost) },
          ...Object.entries(metrics).map(([name, values]): Row => ({
            name,
            cell: (_, index) => (
              <span className={best(values) === index ? "best" : undefined}>{short(values[index])}</span>
            ),
          })),
        ];
        const columns: Column<Row>[] = [
          { key: "name", title: t("Name"), cell: ({ name }) => name },
          ...value.map((run, index): Column<Row> => ({
            key: run.job,
            title: (
              <Link to="/flows/$name/runs/$job" params={{ name: run.flow, job: run.job }}>
                {run.displayName || run.job}
              </Link>
            ),
            isNumber: true,
            cell: (row) => row.cell(run, index),
          })),
        ];
        return (
          <>
            <div className="filters">
              <Button onClick={onClose}>{t("Back to the runs")}</Button>
            </div>
            <Table label={t("Compare")} columns={columns} rows={rows} rowKey={({ name }) => name} />
          </>
        );
      }}
    </Loaded>
  );
}

/** The highest value stands out where they differ; which end is the good one only the reader knows. */
function best(values: readonly (number | null)[]): number | undefined {
  const numbers = values.map((value) => value ?? -Infinity);
  const most = Math.max(...numbers);
  return numbers.every((value) => value === most) ? undefined : numbers.indexOf(most);
}
