import { Button, Input, Tag } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, useMemo } from "react";
import { flows as flowsQuery, type Flow } from "../../api/flows";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { Page } from "../../ui/Page";
import { Tabbed } from "../../ui/Tabbed";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { NewFlow } from "./NewFlow";
import { TYPES } from "./words";
import "./flows.css";
import { termOf } from "../../ui/terms";

const Experiments = lazy(() => import("./experiments/ExperimentsTab"));
const TABS = [
  { id: "flows", title: "Flows" },
  { id: "experiments", title: "Experiments" },
] as const;

/** The prompt flows of the workspace, and where new ones are begun. */
export function FlowsPage() {
  const t = useT();
  const { create } = useSearch({ from: "/flows" });
  return create ? (
    <Page title={t("New flow")} above={<Link to="/flows">{t("Prompt flow")}</Link>}>
      <NewFlow way={create} />
    </Page>
  ) : (
    <Lists />
  );
}

/** Flows, and what runs over several of them. */
function Lists() {
  const t = useT();
  const { tab } = useSearch({ from: "/flows" });
  const navigate = useNavigate({ from: "/flows" });
  const shown = TABS.find(({ id }) => id === tab)?.id ?? "flows";
  return (
    <Page
      title={t("Prompt flow")}
      actions={
        <Button
          appearance="primary"
          icon={<Add20Regular />}
          onClick={() => void navigate({ to: "/flows", search: { create: "gallery" } })}
        >
          {t("New flow")}
        </Button>
      }
    >
      <Tabbed
        tabs={TABS}
        shown={shown}
        onShow={(id) => void navigate({ search: { tab: id === "flows" ? undefined : id } })}
      >
        {shown === "flows" ? <List /> : <Experiments />}
      </Tabbed>
    </Page>
  );
}

function List() {
  const t = useT();
  const { q = "" } = useSearch({ from: "/flows" });
  const navigate = useNavigate({ from: "/flows" });
  const found = useQuery(flowsQuery(useScope()));
  const columns = useMemo(
    (): LongColumn<Flow>[] => [
      {
        key: "name",
        title: t("Name"),
        width: "minmax(10rem, 2fr)",
        cell: (flow) => (
          <span className="two-lines">
            <Link to="/flows/$name" params={{ name: flow.name }}>
              {flow.displayName || flow.name}
            </Link>
            {(flow.description || flow.displayName !== flow.name) && (
              <span className="faint">{flow.description || flow.name}</span>
            )}
          </span>
        ),
      },
      { key: "type", title: t("Type"), width: "6.5rem", cell: (flow) => t(TYPES[flow.type] ?? "Standard") },
      {
        key: "kind",
        title: t("Form"),
        width: "5.5rem",
        cell: (flow) => <Tag size="small">{termOf(flow.kind, t)}</Tag>,
      },
      { key: "version", title: t("Version"), width: "5rem", isNumber: true, cell: (flow) => flow.latestVersion },
      { key: "tags", title: t("Tags"), width: "minmax(5rem, 1fr)", cell: (flow) => <Tags tags={flow.tags} /> },
      { key: "at", title: t("Changed"), width: "7rem", cell: (flow) => <When at={flow.updatedAt} /> },
      { key: "by", title: t("Changed by"), width: "5.5rem", cell: (flow) => flow.updatedBy },
    ],
    [t],
  );
  return (
    <>
      <div className="filters">
        <Input
          type="search"
          value={q}
          aria-label={t("Name or tag")}
          placeholder={t("Name or tag")}
          onChange={(_, { value }) => void navigate({ search: { q: value || undefined }, replace: true })}
        />
      </div>
      <Loaded of={found}>
        {(all) => {
          const rows = all.filter((flow) => fits(flow, q.toLowerCase()));
          if (rows.length === 0) {
            return (
              <Empty>
                {q ? t("Nothing found.") : t("No flow yet. Begin with one of the gallery.")}{" "}
                <Link to="/flows" search={{ create: "gallery" }}>
                  {t("New flow")}
                </Link>
              </Empty>
            );
          }
          return <LongTable columns={columns} rows={rows} rowKey={({ name }) => name} label={t("Prompt flow")} />;
        }}
      </Loaded>
    </>
  );
}

const fits = (flow: Flow, text: string): boolean =>
  [flow.name, flow.displayName ?? "", flow.description ?? ""].some((each) => each.toLowerCase().includes(text)) ||
  Object.entries(flow.tags).some(([key, value]) => `${key}=${value}`.toLowerCase().includes(text));
