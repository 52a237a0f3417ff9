import { Field, Select } from "@fluentui/react-components";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { Section } from "../../ui/Section";
import { Bars, type Bar } from "./Bars";
import type { Explanation } from "./dashboards";
import { percent } from "./words";
import { RowField, type AboutRow } from "./RowField";

const MOST = 15;

const sorted = (bars: Bar[]): Bar[] =>
  bars.sort((one, other) => Math.abs(other.value) - Math.abs(one.value)).slice(0, MOST);

/** What the model looks at: over the rows of the cohort, and for one row. */
export function ImportanceView({ explanation, ...about }: AboutRow & { explanation: Explanation }) {
  const t = useT();
  const { localFeatureImportance: local, globalFeatureImportance: overall } = explanation.precomputedExplanations;
  const classes = about.data.class_names;
  const [place, setPlace] = useState(classes ? classes.length - 1 : 0);
  const scores = (classes ? local.scores[place] : local.scores) as number[][];
  const known = about.rows.filter((row) => row < scores.length);
  const averages = overall.featureNames.map((label, at) => ({
    label,
    value: known.reduce((sum, row) => sum + Math.abs(scores[row][at]), 0) / Math.max(known.length, 1),
  }));
  const own = scores[about.row]?.map((value, at) => ({ label: overall.featureNames[at], value }));
  return (
    <>
      {classes && (
        <Field label={t("Class")} orientation="horizontal" className="insight-cohort">
          <Select value={String(place)} onChange={(_, { value }) => setPlace(Number(value))}>
            {classes.map((name, at) => (
              <option key={name} value={String(at)}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <div className="columns">
        <Section title={t("Over all rows")}>
          <Bars label={t("Over all rows")} of={sorted(averages)} />
          {explanation.fidelity !== null && (
            <p className="faint">
              {t("A second model explains the first; it says {share} of what that one says (R2).", {
                share: percent(explanation.fidelity),
              })}
            </p>
          )}
        </Section>
        <Section title={t("For one row")}>
          <RowField {...about} />
          {own ? <Bars label={t("For one row")} of={sorted(own)} /> : <Empty>{t("This row was not explained.")}</Empty>}
        </Section>
      </div>
    </>
  );
}
