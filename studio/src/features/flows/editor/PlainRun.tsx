import { useQuery } from "@tanstack/react-query";
import { flowGraph } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { useDraft } from "../useDraft";
import { useTests, useTried } from "../useTests";
import { Value } from "../Value";
import { RunWith } from "./RunBar";
import { TryFields } from "./TryFields";

/** Runs a flow that is no graph: a function, a class or a prompty. */
export function PlainRun() {
  const t = useT();
  const { flow, edits } = useDraft();
  const found = useQuery(flowGraph(useScope(), flow.name, edits.base));
  const { line } = useTried(useTests().whole);
  const inputs = found.data?.inputs ?? [];
  return (
    <section className="node-card">
      <RunWith inputs={inputs} />
      <TryFields inputs={inputs} />
      {line?.outputs &&
        Object.entries(line.outputs).map(([name, value]) => (
          <div key={name}>
            <strong>{name}</strong>
            <Value of={value} label={t("Answer: {name}", { name })} />
          </div>
        ))}
    </section>
  );
}
