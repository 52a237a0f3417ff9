import { Field, Select } from "@fluentui/react-components";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { isClassified, pathTo } from "./analysis";
import { Bars } from "./Bars";
import type { Dataset, Errors } from "./dashboards";
import { ErrorTree } from "./ErrorTree";
import { HeatMap } from "./HeatMap";
import { KeepCohort } from "./KeepCohort";
import type { KeptCohorts } from "./useCohorts";
import { percent, wordsOf } from "./words";

interface Props {
  data: Dataset;
  errors: Errors;
  cohorts: KeptCohorts;
}

const MOST = 10;

/** Where the model errs: as a tree, over two features, and which features tell of it. */
export function ErrorView({ data, errors, cohorts }: Props) {
  const t = useT();
  const [chosen, setChosen] = useState(0);
  const node = errors.tree.find(({ id }) => id === chosen) ?? errors.tree[0];
  const path = pathTo(errors.tree, node.id);
  const named = wordsOf(path, t);
  const value = isClassified(data) ? percent(node.metricValue) : short(node.metricValue);
  const told = errors.tree_features
    .map((label, place) => ({ label, value: errors.importances[place] }))
    .sort((one, other) => other.value - one.value)
    .slice(0, MOST);
  return (
    <>
      <Section
        title={t("Error tree")}
        actions={path.length > 0 && <KeepCohort cohorts={cohorts} name={named} conditions={path} />}
      >
        <p aria-live="polite">
          {t("{where}: {metric} {value} in {count} rows", {
            where: named,
            metric: isClassified(data) ? t("Error rate") : t("Mean squared error"),
            value,
            count: node.size,
          })}
        </p>
        <ErrorTree tree={errors.tree} isRate={isClassified(data)} chosen={node.id} onChoose={setChosen} />
      </Section>
      <Over data={data} first={errors.matrix_features} />
      <Section title={t("Features that tell of errors")}>
        <Bars label={t("Features that tell of errors")} of={told} />
      </Section>
    </>
  );
}

function Over({ data, first }: { data: Dataset; first: string[] | null }) {
  const t = useT();
  const names = data.feature_names;
  const [down, setDown] = useState(first?.[0] ?? names[0]);
  const [across, setAcross] = useState(first?.[1] ?? names[1] ?? names[0]);
  const choice = (label: string, value: string, onChange: (name: string) => void) => (
    <Field label={label} orientation="horizontal">
      <Select value={value} onChange={(_, { value: next }) => onChange(next)}>
        {names.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </Select>
    </Field>
  );
  return (
    <Section title={t("Heat map of errors")}>
      <div className="filters">
        {choice(t("Down"), down, setDown)}
        {choice(t("Across"), across, setAcross)}
      </div>
      <HeatMap data={data} down={down} across={across} />
    </Section>
  );
}
