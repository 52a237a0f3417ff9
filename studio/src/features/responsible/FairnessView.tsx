import { Field, Select } from "@fluentui/react-components";
import { useState } from "react";
import { useT, type Message } from "../../app/i18n";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import { disparity, groupsOf, measures, type Condition } from "./analysis";
import { Bars } from "./Bars";
import type { Dataset } from "./dashboards";
import { KeepCohort } from "./KeepCohort";
import type { KeptCohorts } from "./useCohorts";

interface Props {
  data: Dataset;
  rows: number[];
  cohorts: KeptCohorts;
}

interface Line {
  label: string;
  count: number | null;
  values: number[];
  condition?: Condition[];
}

/** Metrics by the groups of a feature, and how far apart they are. */
export function FairnessView({ data, rows, cohorts }: Props) {
  const t = useT();
  const first = data.categorical_features.find((each) => data.feature_names.includes(each)) ?? data.feature_names[0];
  const [feature, setFeature] = useState(first);
  const names = measures(data, rows).map(({ name }) => name);
  const [metric, setMetric] = useState<Message>(names.includes("Selection rate") ? "Selection rate" : names[0]);
  const groups: Line[] = groupsOf(data, feature, rows).map((group) => ({
    label: group.label,
    count: group.rows.length,
    values: measures(data, group.rows).map(({ value }) => value),
    condition: group.condition,
  }));
  const apart = names.map((_, place) => disparity(groups.map(({ values }) => values[place])));
  const lines: Line[] = [
    ...groups,
    { label: t("Difference"), count: null, values: apart.map(({ difference }) => difference) },
    { label: t("Ratio"), count: null, values: apart.map(({ ratio }) => ratio) },
  ];
  const at = names.indexOf(metric);
  return (
    <Section title={t("Metrics by {feature}", { feature })}>
      <div className="filters">
        <Field label={t("Sensitive feature")} orientation="horizontal">
          <Select value={feature} onChange={(_, { value }) => setFeature(value)}>
            {data.feature_names.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </Select>
        </Field>
        <Field label={t("Metric")} orientation="horizontal">
          <Select value={metric} onChange={(_, { value }) => setMetric(value as Message)}>
            {names.map((each) => (
              <option key={each} value={each}>
                {t(each)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Bars
        label={t("Metrics by {feature}", { feature })}
        of={groups.map(({ label, values }) => ({ label, value: values[at] }))}
      />
      <Table
        label={t("Metrics by {feature}", { feature })}
        rows={lines}
        rowKey={({ label, count }) => `${label} ${count}`}
        columns={[
          { key: "group", title: t("Group"), cell: ({ label, count }) => (count === null ? <b>{label}</b> : label) },
          { key: "rows", title: t("Rows"), isNumber: true, cell: ({ count }) => short(count) },
          ...names.map((name, place) => ({
            key: name,
            title: t(name),
            isNumber: true,
            cell: ({ values }: Line) => (Number.isFinite(values[place]) ? short(values[place]) : "–"),
          })),
          {
            key: "cohort",
            title: t("Actions"),
            cell: ({ label, condition }) =>
              condition && <KeepCohort cohorts={cohorts} name={`${feature}: ${label}`} conditions={condition} />,
          },
        ]}
      />
    </Section>
  );
}
