import { Button, Select } from "@fluentui/react-components";
import { Add16Regular, Delete16Regular, Play20Filled, Star16Filled, Star16Regular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { money } from "../../ui/number";
import { Status } from "../../ui/Status";
import { duration } from "../../ui/time";
import { AskName } from "../../ui/AskName";
import { addVariant, removeVariant, setDefaultVariant, setInNode } from "./change";
import type { DagNode, NodeBody } from "./dag";
import { FileEditor } from "./editor/FileEditor";
import { NodeInputs } from "./editor/NodeInputs";
import { NodeSettings } from "./editor/NodeSettings";
import { inputsOf } from "./editor/RunBar";
import { TryFields } from "./editor/TryFields";
import { FailureText, LinkToRun } from "./NodeResult";
import { referencesFor } from "./references";
import { useDag, useDagChange } from "./useDag";
import { useDraft, useText } from "./useDraft";
import { useNameCheck } from "./useNameCheck";
import { useTests, useTried } from "./useTests";
import { Value } from "./Value";

/** The variants of a node side by side: what differs, and what each makes the flow answer. */
export default function VariantsTab() {
  const t = useT();
  const dag = useDag();
  const { paths, put } = useDraft();
  const tests = useTests();
  const change = useDagChange();
  const { node: wanted } = useSearch({ from: "/flows/$name" });
  const navigate = useNavigate({ from: "/flows/$name" });
  const [jobs, setJobs] = useState<Record<string, string>>({});
  const [isNaming, setNaming] = useState(false);
  const listId = useId();
  const nodes = dag?.nodes ?? [];
  const node =
    nodes.find(({ name }) => name === wanted) ?? nodes.find(({ variants }) => variants !== null) ?? nodes.at(0);
  const { text } = useText(node?.source?.path ?? null);
  const names = node?.variants?.names ?? [];
  const check = useNameCheck(names);
  const runAll = useMutation({
    mutationFn: async (of: DagNode) => {
      const inputs = inputsOf(dag?.inputs ?? [], tests.values);
      const names = of.variants?.names ?? [];
      const started = await Promise.all(
        names.map((name) => tests.start({ inputs, variant: `\${${of.name}.${name}}` })),
      );
      setJobs(Object.fromEntries(names.map((name, index) => [`${of.name}.${name}`, started[index]])));
    },
  });
  if (!dag || !node) return <Empty>{t("The flow has no nodes yet.")}</Empty>;
  const add = (name: string) => {
    // A variant gets a file of its own, so that its text can differ.
    const from = node.source?.path;
    const path = from?.replace(/(\.\w+)$/, `__${name}$1`);
    change((old) => {
      const next = addVariant(old, node.name, name);
      return path && typeof text === "string" ? setInNode(next, node.name, ["source", "path"], path, name) : next;
    });
    if (path && typeof text === "string" && !paths.includes(path)) put([{ path, content: text }]);
  };
  return (
    <>
      <div className="filters">
        <Select
          aria-label={t("Node")}
          value={node.name}
          onChange={(_, { value }) => void navigate({ search: (old) => ({ ...old, node: value }), replace: true })}
        >
          {nodes.map(({ name, variants }) => (
            <option key={name} value={name}>
              {variants ? `${name} (${variants.names.length})` : name}
            </option>
          ))}
        </Select>
        <Button icon={<Add16Regular />} onClick={() => setNaming(true)}>
          {t("Add a variant")}
        </Button>
        <Button
          appearance="primary"
          icon={<Play20Filled />}
          disabled={names.length === 0 || runAll.isPending}
          onClick={() => runAll.mutate(node)}
        >
          {t("Run all variants")}
        </Button>
      </div>
      {names.length > 0 && (
        <details className="variant-inputs">
          <summary>{t("Values to try with")}</summary>
          <TryFields inputs={dag.inputs} />
        </details>
      )}
      {node.variants === null && <Empty>{t("The node has one form only. Add a variant to compare with.")}</Empty>}
      <div className="variants" tabIndex={0} role="region" aria-label={t("Variants")}>
        {Object.entries(node.variants?.bodies ?? {}).map(([name, body]) => (
          <VariantCard
            key={name}
            node={node}
            name={name}
            body={body}
            references={listId}
            job={jobs[`${node.name}.${name}`]}
          />
        ))}
      </div>
      <datalist id={listId}>
        {referencesFor(dag, node.name).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {isNaming && (
        <AskName title={t("Add a variant")} value="" check={check} onName={add} onClose={() => setNaming(false)} />
      )}
    </>
  );
}

interface CardProps {
  node: DagNode;
  name: string;
  body: NodeBody;
  references: string;
  job: string | undefined;
}

function VariantCard({ node, name, body, references, job }: CardProps) {
  const t = useT();
  const { flow, paths } = useDraft();
  const change = useDagChange();
  const { run, line, isOver, error } = useTried(job);
  const path = body.source?.path ?? null;
  const isThere = path !== null && paths.includes(path);
  const { text } = useText(isThere ? path : null);
  const isDefault = node.variants?.default === name;
  const set = (where: (string | number)[], value: unknown) =>
    change((old) => setInNode(old, node.name, where, value, name));
  const failure = line?.error ?? run?.error;
  return (
    <section className="node-card" aria-label={name}>
      <div className="node-head">
        <h2>{name}</h2>
        <span className="actions">
          <Button
            size="small"
            appearance="subtle"
            icon={isDefault ? <Star16Filled /> : <Star16Regular />}
            disabled={isDefault}
            aria-label={isDefault ? t("The default") : t("Make {name} the default", { name })}
            title={isDefault ? t("The default") : t("Make {name} the default", { name })}
            onClick={() => change((old) => setDefaultVariant(old, node.name, name))}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<Delete16Regular />}
            disabled={(node.variants?.names.length ?? 0) < 2}
            aria-label={t("Take {name} away", { name })}
            onClick={() => change((old) => removeVariant(old, node.name, name))}
          />
        </span>
      </div>
      {job && (
        <div className="node-result">
          <div className="row wrap" aria-live="polite">
            {run && <Status of={line && isOver ? line.status : run.status} />}
            {line?.seconds != null && <span className="faint">{duration(line.seconds, t)}</span>}
            {line?.tokens && <span className="faint">{t("{count} tokens", { count: line.tokens.total })}</span>}
            {run && Boolean(run.cost) && <span className="faint">{money(run.cost)}</span>}
            <LinkToRun flow={flow.name} job={job} />
          </div>
          {failure && <FailureText of={failure} />}
          {error && !failure && <p className="reason">{error.message}</p>}
          {Object.entries(line?.outputs ?? {}).map(([output, value]) => (
            <div key={output}>
              <strong>{output}</strong>
              <Value of={value} label={t("Answer: {name}", { name: `${name} ${output}` })} />
            </div>
          ))}
        </div>
      )}
      <div className="node-settings">
        <NodeSettings body={body} onSet={set} />
      </div>
      {isThere && (
        <details open className="node-source">
          <summary>{path}</summary>
          <FileEditor path={path} />
        </details>
      )}
      <NodeInputs body={body} path={isThere ? path : null} text={text ?? ""} references={references} onSet={set} />
    </section>
  );
}
