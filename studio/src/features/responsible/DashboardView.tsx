import { Field, Select } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Message } from "../../app/i18n";
import { useT } from "../../app/i18n";
import { Tabbed } from "../../ui/Tabbed";
import { everyRow, rowsOf } from "./analysis";
import { CausalView } from "./CausalView";
import { Cohorts } from "./Cohorts";
import { CounterfactualView } from "./CounterfactualView";
import { DataView } from "./DataView";
import { ErrorView } from "./ErrorView";
import { FairnessView } from "./FairnessView";
import { ImportanceView } from "./ImportanceView";
import { OverviewView } from "./OverviewView";
import type { Dashboard } from "./dashboards";
import { useCohorts } from "./useCohorts";

interface Part {
  id: string;
  title: Message;
  fits: (of: Dashboard) => boolean;
}

const PARTS: Part[] = [
  { id: "errors", title: "Error analysis", fits: (of) => of.errorAnalysisData.length > 0 },
  { id: "performance", title: "Model overview", fits: () => true },
  { id: "data", title: "Data analysis", fits: () => true },
  { id: "importance", title: "Importance of features", fits: (of) => of.modelExplanationData.length > 0 },
  { id: "fairness", title: "Fairness", fits: () => true },
  { id: "counterfactuals", title: "Counterfactuals", fits: (of) => of.counterfactualData.length > 0 },
  { id: "causal", title: "Causal effects", fits: (of) => of.causalAnalysisData.length > 0 },
  { id: "cohorts", title: "Cohorts", fits: () => true },
];

/** All parts of a dashboard, over all rows or over a cohort. */
export function DashboardView({ of, job }: { of: Dashboard; job: string }) {
  const t = useT();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const cohorts = useCohorts(job);
  const [name, setName] = useState("");
  const [row, setRow] = useState(0);
  const data = of.dataset;
  const parts = PARTS.filter((each) => each.fits(of));
  const part = (parts.find((each) => each.id === search.part) ?? parts[0]).id;
  const cohort = cohorts.all.find((each) => each.name === name);
  const rows = cohort ? rowsOf(data, cohort.conditions) : everyRow(data);
  const about = { data, rows, row, onRow: setRow };
  return (
    <Tabbed
      tabs={parts}
      shown={part}
      onShow={(id) => void navigate({ to: ".", search: (old) => ({ ...old, part: id }) })}
    >
      {part !== "cohorts" && part !== "errors" && (
        <Field label={t("Cohort")} orientation="horizontal" className="insight-cohort">
          <Select value={cohort ? name : ""} onChange={(_, { value }) => setName(value)}>
            <option value="">{t("All rows ({count})", { count: data.true_y.length })}</option>
            {cohorts.all.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {part === "errors" && <ErrorView data={data} errors={of.errorAnalysisData[0]} cohorts={cohorts} />}
      {part === "performance" && <OverviewView data={data} rows={rows} cohorts={cohorts.all} />}
      {part === "data" && <DataView data={data} rows={rows} />}
      {part === "importance" && <ImportanceView {...about} explanation={of.modelExplanationData[0]} />}
      {part === "fairness" && <FairnessView data={data} rows={rows} cohorts={cohorts} />}
      {part === "counterfactuals" && <CounterfactualView {...about} of={of.counterfactualData[0]} />}
      {part === "causal" && <CausalView {...about} of={of.causalAnalysisData[0]} />}
      {part === "cohorts" && <Cohorts data={data} cohorts={cohorts} />}
    </Tabbed>
  );
}
