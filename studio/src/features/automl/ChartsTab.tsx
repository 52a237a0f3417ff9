import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { children as childrenQuery, files } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { LOGGED } from "../../ui/logged";
import { LoggedChart } from "../../ui/LoggedChart";
import { artifactsOf } from "../jobs/artifacts";
import type { TabProps } from "../jobs/JobPage";
import { BEST, isReport } from "./details";

/** How the models fare, drawn from what their runs have logged: the best one first, and with the test data. */
export default function ChartsTab({ job }: TabProps) {
  const found = useQuery(childrenQuery(useScope(), job.name));
  return <Loaded of={found}>{(children) => <Chosen job={job} runs={children} />}</Loaded>;
}

function Chosen({ job, runs }: { job: Job; runs: readonly Job[] }) {
  const t = useT();
  const [chosen, setChosen] = useState<string>();
  const ended = runs.filter(({ properties }) => properties.status === "Completed");
  const name = chosen ?? ended.find((each) => each.name === job.properties.tags[BEST])?.name ?? ended[0]?.name;
  if (!name) return <Empty>{t("No model is finished yet.")}</Empty>;
  return (
    <>
      <div className="filters">
        <Field label={t("Model")} orientation="horizontal">
          <Select value={name} onChange={(_, { value }) => setChosen(value)}>
            {ended.map((each) => (
              <option key={each.name} value={each.name}>
                {isReport(each) ? t("The best one, with the test data") : titleOf(each)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Charts key={name} name={name} />
    </>
  );
}

const titleOf = ({ name, properties }: Job): string =>
  `${properties.displayName ?? ""} (${name.split("_").at(-1)})`.trim();

function Charts({ name }: { name: string }) {
  const t = useT();
  const found = useQuery(files(useScope(), artifactsOf(name)));
  return (
    <Loaded of={found}>
      {(all) => {
        const charts = all.filter((each) => LOGGED.has(each.name));
        if (charts.length === 0) return <Empty>{t("Its run has logged no charts.")}</Empty>;
        return (
          <div className="charts">
            {charts.map((each) => (
              <div key={each.name}>
                <LoggedChart file={each} />
              </div>
            ))}
          </div>
        );
      }}
    </Loaded>
  );
}
