import { Button, Field, Select } from "@fluentui/react-components";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { json } from "../../../api/client";
import { flowGraph, flowLines, flows as flowsQuery, versionPath, type FlowRun } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { Problem } from "../../../ui/Problem";
import { Section } from "../../../ui/Section";
import { guessed, MappingTable, written } from "./MappingTable";
import { useColumns } from "./useColumns";

/** Judges what a run has answered, with a flow that judges. */
export function EvaluateForm({ run, onClose }: { run: FlowRun; onClose: () => void }) {
  const t = useT();
  const found = useQuery(flowsQuery(useScope()));
  const [name, setName] = useState("");
  return (
    <Section title={t("Evaluate")} actions={<Button onClick={onClose}>{t("Close")}</Button>}>
      <Loaded of={found}>
        {(all) => {
          // Those that say of themselves that they judge come first; any flow can.
          const rows = [...all].sort((one, other) => rank(one.type) - rank(other.type));
          if (rows.length === 0) return <Empty>{t("Nothing here yet.")}</Empty>;
          const chosen = rows.find((flow) => flow.name === name) ?? rows[0];
          return (
            <div className="form">
              <Field label={t("Flow that judges")}>
                <Select value={chosen.name} onChange={(_, { value }) => setName(value)}>
                  {rows.map((flow) => (
                    <option key={flow.name}>{flow.name}</option>
                  ))}
                </Select>
              </Field>
              {chosen.type !== "evaluation" && (
                <p className="faint">
                  {t("This flow does not say that it judges.")}{" "}
                  <Link to="/flows" search={{ create: "gallery" }}>
                    {t("The gallery has one that does.")}
                  </Link>
                </p>
              )}
              <Judging key={chosen.name} run={run} flow={chosen.name} version={chosen.latestVersion} />
            </div>
          );
        }}
      </Loaded>
    </Section>
  );
}

const rank = (type: string) => (type === "evaluation" ? 0 : 1);

function Judging({ run, flow, version }: { run: FlowRun; flow: string; version: number }) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const graph = useQuery(flowGraph(scope, flow, version));
  const lines = useInfiniteQuery(flowLines(scope, run.job, ""));
  const columns = useColumns(run.data ?? "");
  const [own, setOwn] = useState<Record<string, string>>({});
  const inputs = graph.data?.inputs ?? [];
  const sources = useMemo(() => {
    const first = lines.data?.pages[0].value.find(({ outputs }) => outputs !== null);
    return [
      ...Object.keys(first?.outputs ?? {}).map((name) => `\${run.outputs.${name}}`),
      ...columns.map((name) => `\${data.${name}}`),
      ...Object.keys(first?.inputs ?? {}).map((name) => `\${run.inputs.${name}}`),
    ];
  }, [lines.data, columns]);
  const mapping = { ...guessed(inputs, sources), ...own };
  const start = useMutation({
    mutationFn: () =>
      json<{ job: string }>(`${versionPath(scope, flow, version)}/runs`, {
        method: "POST",
        body: { data: run.data ?? undefined, run: run.job, columnMapping: written(mapping) },
      }),
    onSuccess: ({ job }) => void navigate({ to: "/flows/$name/runs/$job", params: { name: flow, job } }),
  });
  return (
    <>
      <MappingTable inputs={inputs} sources={sources} mapping={mapping} onChange={setOwn} />
      {start.error && <Problem error={start.error} />}
      <div>
        <Button appearance="primary" disabled={start.isPending || !graph.data} onClick={() => start.mutate()}>
          {t("Evaluate")}
        </Button>
      </div>
    </>
  );
}
