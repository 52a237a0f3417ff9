import { Button, Checkbox, Field, Input, MessageBar, MessageBarBody, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { json } from "../../../api/client";
import { flowGraph, versionPath } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { pairsOf } from "../../../ui/pairs";
import { Problem } from "../../../ui/Problem";
import { Section } from "../../../ui/Section";
import { ConnectionPicker } from "../ConnectionPicker";
import { useDag } from "../useDag";
import { useDraft } from "../useDraft";
import { DataPicker } from "./DataPicker";
import { guessed, MappingTable, written } from "./MappingTable";
import { useColumns } from "./useColumns";

/** Runs the saved flow over data, once for each variant that is chosen. */
export function BatchForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const { flow, edits, isDirty } = useDraft();
  const dag = useDag();
  const graph = useQuery(flowGraph(scope, flow.name, edits.base));
  const inputs = graph.data?.inputs ?? [];
  const [data, setData] = useState("");
  const [own, setOwn] = useState<Record<string, string>>({});
  const [variants, setVariants] = useState<readonly string[]>([]);
  const [title, setTitle] = useState("");
  const [concurrency, setConcurrency] = useState("");
  const [variables, setVariables] = useState("");
  const [connections, setConnections] = useState<Record<string, string>>({});
  const columns = useColumns(data);
  const sources = useMemo(() => columns.map((name) => `\${data.${name}}`), [columns]);
  const mapping = { ...guessed(inputs, sources), ...own };
  const choices = (dag?.nodes ?? []).flatMap((node) =>
    (node.variants?.names ?? []).map((name) => `\${${node.name}.${name}}`),
  );
  const asking = (dag?.nodes ?? []).filter(({ connection }) => connection !== null);
  const start = useMutation({
    mutationFn: async () => {
      for (const variant of variants.length > 0 ? variants : [undefined]) {
        await json(`${versionPath(scope, flow.name, edits.base)}/runs`, {
          method: "POST",
          body: {
            data,
            variant,
            displayName: title
              ? variant && variants.length > 1
                ? `${title} ${variant.slice(2, -1)}`
                : title
              : undefined,
            columnMapping: written(mapping),
            concurrency: concurrency ? Number(concurrency) : undefined,
            connections: overrides(connections),
            environmentVariables: variables ? pairsOf(variables) : undefined,
          },
        });
      }
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["jobs", scope, ""] });
      onDone();
    },
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      {isDirty && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>
            {t("What is not saved does not take part: version {version} is run.", { version: edits.base })}
          </MessageBarBody>
        </MessageBar>
      )}
      <DataPicker value={data} onChange={setData} accept=".jsonl,.json,.csv,.tsv" />
      <Section title={t("From where inputs are taken")}>
        <MappingTable inputs={inputs} sources={sources} mapping={mapping} onChange={setOwn} />
      </Section>
      {choices.length > 0 && (
        <Section title={t("Variants")}>
          {choices.map((each) => (
            <Checkbox
              key={each}
              label={each.slice(2, -1)}
              checked={variants.includes(each)}
              onChange={(_, { checked }) =>
                setVariants((old) => (checked ? [...old, each] : old.filter((other) => other !== each)))
              }
            />
          ))}
        </Section>
      )}
      {asking.length > 0 && (
        <Section title={t("Connections")}>
          <p className="faint">{t("Others than the flow names, for this run only.")}</p>
          {asking.map(({ name }) => (
            <Field key={name} label={name}>
              <ConnectionPicker
                label={t("Connection of {name}", { name })}
                value={connections[name] ?? ""}
                onChange={(value) => setConnections((old) => ({ ...old, [name]: value }))}
              />
            </Field>
          ))}
        </Section>
      )}
      <Field label={t("Display name")}>
        <Input value={title} onChange={(_, { value }) => setTitle(value)} />
      </Field>
      <Field label={t("Lines at once")}>
        <Input type="number" min={1} value={concurrency} onChange={(_, { value }) => setConcurrency(value)} />
      </Field>
      <Field label={t("Environment variables, one NAME=value a line")}>
        <Textarea rows={2} value={variables} onChange={(_, { value }) => setVariables(value)} />
      </Field>
      {start.error && <Problem error={start.error} />}
      <div className="row">
        <Button appearance="primary" type="submit" disabled={!data || start.isPending}>
          {t("Submit")}
        </Button>
        <Button onClick={onDone}>{t("Leave it")}</Button>
      </div>
    </form>
  );
}

/** The connections that were chosen, by node; none when all stay as they are. */
function overrides(chosen: Record<string, string>): Record<string, { connection: string }> | undefined {
  const found = Object.entries(chosen).filter(([, connection]) => connection !== "");
  return found.length > 0 ? Object.fromEntries(found.map(([node, connection]) => [node, { connection }])) : undefined;
}
