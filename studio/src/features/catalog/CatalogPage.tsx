import { Button, Checkbox, Field, SearchBox, Select } from "@fluentui/react-components";
import { Chat20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { cards, type Card, type Facet } from "../../api/catalog";
import { useT, useWords, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { Comparison } from "./Comparison";
import { amount } from "./numbers";

const FACETS: [Facet, Message][] = [
  ["task", "Task"],
  ["publisher", "Publisher"],
  ["license", "Licence"],
  ["capability", "Capability"],
  ["deployment", "Ways to deploy"],
  ["fineTuningTask", "Fine-tuning tasks"],
  ["registry", "Registry"],
];

/** Models before they are here: looked for, chosen, compared. What is chosen stands in the address. */
export function CatalogPage() {
  const t = useT();
  const { language } = useWords();
  const scope = useScope();
  const asked = useSearch({ from: "/catalog" });
  const navigate = useNavigate({ from: "/catalog" });
  const { compare = "", q, ...chosen } = asked;
  const compared = compare ? compare.split(",") : [];
  const found = useQuery(cards(scope, { search: q, ...chosen }));
  const set = (values: Record<string, string | undefined>) =>
    void navigate({ search: (old) => ({ ...old, ...values }), replace: true });
  const mark = (name: string, isOn: boolean) =>
    set({ compare: (isOn ? [...compared, name] : compared.filter((each) => each !== name)).join(",") || undefined });
  return (
    <Page
      title={t("Model catalog")}
      actions={
        <Button icon={<Chat20Regular />} onClick={() => void navigate({ to: "/playground", search: {} })}>
          {t("Playground")}
        </Button>
      }
    >
      <div className="filters">
        <Field label={t("Search")}>
          <SearchBox value={q ?? ""} onChange={(_, { value }) => set({ q: value || undefined })} />
        </Field>
        {FACETS.map(([facet, title]) => (
          <Field key={facet} label={t(title)}>
            <Select value={chosen[facet] ?? ""} onChange={(_, { value }) => set({ [facet]: value || undefined })}>
              <option value="">{t("All")}</option>
              {Object.entries(found.data?.facets[facet] ?? {}).map(([value, count]) => (
                <option key={value} value={value}>
                  {value} ({count})
                </option>
              ))}
            </Select>
          </Field>
        ))}
      </div>
      {compared.length > 0 && <Comparison names={compared} onClose={() => set({ compare: undefined })} />}
      <Loaded of={found}>
        {({ value, total }) =>
          value.length === 0 ? (
            <Empty>{t("No model is like that.")}</Empty>
          ) : (
            <>
              <p className="faint" role="status">
                {t("{shown} of {total} models", { shown: value.length, total })}
              </p>
              <Table label={t("Model catalog")} rows={value} rowKey={({ name }) => name} columns={columns()} />
            </>
          )
        }
      </Loaded>
    </Page>
  );

  function columns() {
    return [
      {
        key: "mark",
        title: <span className="visually-hidden">{t("Compare")}</span>,
        cell: ({ name }: Card) => (
          <Checkbox
            checked={compared.includes(name)}
            aria-label={t("Compare {name}", { name })}
            onChange={(_, { checked }) => mark(name, checked === true)}
          />
        ),
      },
      {
        key: "name",
        title: t("Name"),
        cell: ({ name, properties }: Card) => (
          <Link to="/catalog/$name" params={{ name }}>
            {properties.displayName ?? name}
          </Link>
        ),
      },
      { key: "publisher", title: t("Publisher"), cell: ({ properties }: Card) => properties.publisher ?? "" },
      { key: "task", title: t("Task"), cell: ({ properties }: Card) => properties.inferenceTasks.join(", ") },
      { key: "license", title: t("Licence"), cell: ({ properties }: Card) => properties.license ?? "" },
      {
        key: "size",
        title: t("Parameters"),
        isNumber: true,
        cell: ({ properties }: Card) => amount(properties.parameters, language),
      },
      {
        key: "context",
        title: t("Context"),
        isNumber: true,
        cell: ({ properties }: Card) => properties.contextWindow?.toLocaleString(language) ?? "",
      },
      { key: "can", title: t("Capability"), cell: ({ properties }: Card) => properties.capabilities.join(", ") },
    ];
  }
}
