import { Field, Select } from "@fluentui/react-components";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import { errorOf, groupsOf, isClassified, isNumeric, valueOf } from "./analysis";
import { Bars } from "./Bars";
import type { Dataset } from "./dashboards";
import { percent } from "./words";

const PARTS = 8;

/** How a feature is distributed, with how wrong the model is there, and figures about it. */
export function DataView({ data, rows }: { data: Dataset; rows: number[] }) {
  const t = useT();
  const columns = [...data.feature_names, data.target_column];
  const [chosen, setChosen] = useState(columns[0]);
  const groups = groupsOf(data, chosen, rows, PARTS);
  const shown = (value: number) => (isClassified(data) ? percent(value) : short(value));
  const values = rows
    .map((row) => valueOf(data, chosen, row))
    .filter((value): value is number => typeof value === "number");
  const figures: [string, number][] =
    isNumeric(data, chosen) && values.length > 0
      ? [
          [t("Mean"), values.reduce((sum, each) => sum + each, 0) / values.length],
          [t("Smallest"), Math.min(...values)],
          [t("Largest"), Math.max(...values)],
          [t("Missing"), rows.length - values.length],
        ]
      : [];
  return (
    <Section title={t("Distribution of {feature}", { feature: chosen })}>
      <Field label={t("Feature")} orientation="horizontal" className="insight-cohort">
        <Select value={chosen} onChange={(_, { value }) => setChosen(value)}>
          {columns.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Bars
        label={t("Distribution of {feature}", { feature: chosen })}
        of={groups.map(({ label, rows: own }) => ({
          label,
          value: own.length,
          text: t("{count} rows, error {value}", { count: own.length, value: shown(errorOf(data, own)) }),
        }))}
      />
      {figures.length > 0 && (
        <Table
          label={t("Figures")}
          rows={figures}
          rowKey={([name]) => name}
          columns={[
            { key: "name", title: t("Figure"), cell: ([name]) => name },
            { key: "value", title: t("Value"), isNumber: true, cell: ([, value]) => short(value) },
          ]}
        />
      )}
    </Section>
  );
}
