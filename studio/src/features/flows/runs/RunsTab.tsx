import { Button, Checkbox, Switch } from "@fluentui/react-components";
import { BranchCompare20Regular, Play20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { flowRuns, type FlowRun } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { money, short } from "../../../ui/number";
import { Status } from "../../../ui/Status";
import { Table, type Column } from "../../../ui/Table";
import { When } from "../../../ui/time";
import { useDraft } from "../useDraft";
import { variantName } from "../words";
import { BatchForm } from "./BatchForm";
import { Comparison } from "./Comparison";

/** What was run of the flow, over data and for a try, with the metrics of all. */
export default function RunsTab() {
  const t = useT();
  const { flow } = useDraft();
  const { tests, jobs, begin } = useSearch({ from: "/flows/$name" });
  const navigate = useNavigate({ from: "/flows/$name" });
  const set = (next: { tests?: string; jobs?: string; begin?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...next }) });
  const found = useQuery(flowRuns(useScope(), flow.name, tests === "yes"));
  const [selected, setSelected] = useState<readonly string[]>([]);
  const compared = jobs?.split(",").filter(Boolean) ?? [];
  if (begin) return <BatchForm onDone={() => set({ begin: undefined })} />;
  if (compared.length > 0) return <Comparison jobs={compared} onClose={() => set({ jobs: undefined })} />;
  return (
    <>
      <div className="filters">
        <Button appearance="primary" icon={<Play20Regular />} onClick={() => set({ begin: "yes" })}>
          {t("Run over data")}
        </Button>
        <Button
          icon={<BranchCompare20Regular />}
          disabled={selected.length < 2}
          onClick={() => set({ jobs: selected.join(",") })}
        >
          {t("Compare")}
        </Button>
        <Switch
          label={t("With tries")}
          checked={tests === "yes"}
          onChange={(_, { checked }) => set({ tests: checked ? "yes" : undefined })}
        />
      </div>
      <Loaded of={found}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty>{t("No run yet.")}</Empty>
          ) : (
            <Table
              label={t("Runs")}
              rows={rows}
              rowKey={({ job }) => job}
              columns={[
                {
                  key: "select",
                  title: <span className="visually-hidden">{t("Compare")}</span>,
                  cell: ({ job }) => (
                    <Checkbox
                      aria-label={t("Select {name}", { name: job })}
                      checked={selected.includes(job)}
                      onChange={(_, { checked }) =>
                        setSelected((old) => (checked ? [...old, job] : old.filter((each) => each !== job)))
                      }
                    />
                  ),
                },
                ...columnsOf(rows, t),
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}

function columnsOf(rows: readonly FlowRun[], t: ReturnType<typeof useT>): Column<FlowRun>[] {
  const metrics = [...new Set(rows.flatMap((run) => Object.keys(run.metrics)))];
  return [
    {
      key: "name",
      title: t("Run"),
      cell: (run) => (
        <span className="two-lines">
          <Link to="/flows/$name/runs/$job" params={{ name: run.flow, job: run.job }}>
            {run.displayName || run.job}
          </Link>
          <span className="faint">{run.evaluates ? t("evaluates {name}", { name: run.evaluates }) : run.job}</span>
        </span>
      ),
    },
    { key: "status", title: t("Status"), cell: (run) => <Status of={run.status} /> },
    { key: "version", title: t("Version"), isNumber: true, cell: (run) => run.version },
    { key: "variant", title: t("Variant"), cell: (run) => variantName(run.variant) },
    { key: "lines", title: t("Lines"), isNumber: true, cell: (run) => <LineCount run={run} /> },
    ...metrics.map((name): Column<FlowRun> => ({
      key: `metric:${name}`,
      title: name,
      isNumber: true,
      cell: (run) => short(run.metrics[name]),
    })),
    { key: "tokens", title: t("Tokens"), isNumber: true, cell: (run) => run.tokens?.total ?? "" },
    { key: "cost", title: t("Cost"), isNumber: true, cell: (run) => money(run.cost) },
    { key: "at", title: t("Created"), cell: (run) => <When at={run.createdAt} /> },
    { key: "by", title: t("Created by"), cell: (run) => run.createdBy },
  ];
}

export function LineCount({ run }: { run: FlowRun }) {
  const t = useT();
  const { total, completed, failed } = run.lines;
  return (
    <>
      {completed}
      {total === null ? "" : ` / ${total}`}
      {failed > 0 && <span className="reason"> · {t("{count} failed", { count: failed })}</span>}
    </>
  );
}
