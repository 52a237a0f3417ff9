import { Button } from "@fluentui/react-components";
import { Dismiss16Regular } from "@fluentui/react-icons";
import { useQueries } from "@tanstack/react-query";
import { card, type Card, type CardProperties } from "../../api/catalog";
import { useT, useWords, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { Waiting } from "../../ui/Waiting";
import { amount, gib } from "./numbers";

type Shown = (properties: CardProperties, language: string) => string;

const ROWS: [Message, Shown][] = [
  ["Publisher", ({ publisher }) => publisher ?? ""],
  ["Licence", ({ license }) => license ?? ""],
  ["Parameters", ({ parameters }, language) => amount(parameters, language)],
  ["Context", ({ contextWindow }, language) => contextWindow?.toLocaleString(language) ?? ""],
  ["Longest answer", ({ maxOutputTokens }, language) => maxOutputTokens?.toLocaleString(language) ?? ""],
  ["Capability", ({ capabilities }) => capabilities.join(", ")],
  ["Fine-tuning tasks", ({ fineTuningTasks }) => fineTuningTasks.join(", ")],
  ["Memory", ({ needs }) => (needs ? gib(needs.memory) : "")],
  ["Memory of a GPU", ({ needs }) => (needs ? gib(needs.gpuMemory) : "")],
];

/** Models side by side: what is known of them, and what their makers or evaluations here have measured. */
export function Comparison({ names, onClose }: { names: string[]; onClose: () => void }) {
  const t = useT();
  const { language } = useWords();
  const scope = useScope();
  const found = useQueries({ queries: names.map((name) => card(scope, name)) });
  const shown = found.map(({ data }) => data).filter((data): data is Card => data !== undefined);
  const measured = [...new Set(shown.flatMap(({ properties }) => Object.keys(properties.benchmarks)))].sort();
  const rows: { title: string; of: (of: CardProperties) => string }[] = [
    ...ROWS.map(([title, of]) => ({ title: t(title), of: (properties: CardProperties) => of(properties, language) })),
    ...measured.map((name) => ({
      title: name,
      of: ({ benchmarks }: CardProperties) => String(benchmarks[name] ?? ""),
    })),
  ];
  return (
    <Section
      title={t("Compared")}
      actions={
        <Button size="small" icon={<Dismiss16Regular />} onClick={onClose}>
          {t("Close")}
        </Button>
      }
    >
      {shown.length < names.length && found.some(({ isPending }) => isPending) ? (
        <Waiting />
      ) : (
        <Table
          label={t("Compared")}
          rows={rows.filter(({ of }) => shown.some(({ properties }) => of(properties) !== ""))}
          rowKey={({ title }) => title}
          columns={[
            { key: "fact", title: "", cell: ({ title }) => title },
            ...shown.map(({ name, properties }) => ({
              key: name,
              title: name,
              cell: ({ of }: { of: (of: CardProperties) => string }) => of(properties),
            })),
          ]}
        />
      )}
    </Section>
  );
}
