import { useT } from "../../app/i18n";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import { confusion, everyRow, measures, rowsOf, type Cohort } from "./analysis";
import { Bars } from "./Bars";
import type { Dataset } from "./dashboards";

interface Props {
  data: Dataset;
  rows: number[];
  cohorts: Cohort[];
}

/** Metrics over all rows and by cohort; what is said where what is right, or how far off it is. */
export function OverviewView({ data, rows, cohorts }: Props) {
  const t = useT();
  const lines = [
    { name: t("All rows"), rows: everyRow(data) },
    ...cohorts.map(({ name, conditions }) => ({ name, rows: rowsOf(data, conditions) })),
  ].map((each) => ({ ...each, values: measures(data, each.rows) }));
  return (
    <>
      <Section title={t("Metrics by cohort")}>
        <Table
          label={t("Metrics by cohort")}
          rows={lines}
          rowKey={({ name }) => name}
          columns={[
            { key: "name", title: t("Cohort"), cell: ({ name }) => name },
            { key: "rows", title: t("Rows"), isNumber: true, cell: (line) => short(line.rows.length) },
            ...lines[0].values.map(({ name }, place) => ({
              key: name,
              title: t(name),
              isNumber: true,
              cell: (line: (typeof lines)[number]) => short(line.values[place].value),
            })),
          ]}
        />
      </Section>
      {data.class_names ? (
        <Confusion data={data} rows={rows} names={data.class_names} />
      ) : (
        <Section title={t("Off by at most")}>
          <Bars label={t("Off by at most")} of={spread(data, rows)} />
        </Section>
      )}
    </>
  );
}

function Confusion({ data, rows, names }: { data: Dataset; rows: number[]; names: string[] }) {
  const t = useT();
  const lines = confusion(data, rows).map((counts, place) => ({ name: names[place], counts }));
  return (
    <Section title={t("Confusion matrix")}>
      <Table
        label={t("Confusion matrix")}
        rows={lines}
        rowKey={({ name }) => name}
        columns={[
          { key: "true", title: t("True \\ predicted"), cell: ({ name }) => name },
          ...names.map((name, place) => ({
            key: `said ${name}`,
            title: name,
            isNumber: true,
            cell: ({ counts }: (typeof lines)[number]) => short(counts[place]),
          })),
        ]}
      />
    </Section>
  );
}

/** How far off the model is for a half of the rows, for three quarters, and so on. */
function spread(data: Dataset, rows: number[]) {
  const off = rows.map((row) => Math.abs(data.predicted_y[row] - data.true_y[row])).sort((one, other) => one - other);
  return [0.5, 0.75, 0.9, 1].map((part) => ({
    label: `${part * 100} %`,
    value: off[Math.max(0, Math.ceil(off.length * part) - 1)] ?? 0,
  }));
}
