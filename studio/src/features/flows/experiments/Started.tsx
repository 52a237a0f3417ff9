import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { graph as graphQuery, runsOf } from "../../../api/queries";
import type { Graph, Job, Run } from "../../../api/types";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { short } from "../../../ui/number";
import { Status } from "../../../ui/Status";
import { Table, type Column } from "../../../ui/Table";
import { When } from "../../../ui/time";

interface Row {
  name: string;
  cell: (job: Job) => ReactNode;
}

/** Of the machine, or of a node of a flow: not what one compares experiments by. */
const LEFT_OUT = /^(system\/|__pf__\.nodes\.)/;

/** Jobs of an experiment side by side: a column for each, a row for each measure of its nodes. */
export function Started({ jobs }: { jobs: readonly Job[] }) {
  const t = useT();
  const scope = useScope();
  const graphs = useQueries({
    queries: jobs.map(({ name }) => graphQuery(scope, name)),
    combine: (results) => new Map(results.flatMap(({ data }) => (data ? [[data.name, data] as const] : []))),
  });
  const ran = [
    ...new Set([...graphs.values()].flatMap((graph) => graph.steps.map(runOf).filter((each) => each !== null))),
  ].sort();
  // Runs are not told of by many names at once; what a step has measured is whole when the step has ended.
  const states = [...graphs.values()].flatMap((graph) => graph.steps.map(({ status }) => status)).join();
  const found = useQuery({
    queryKey: ["runs", scope, "", ran, states],
    queryFn: ({ signal }) => runsOf(scope, ran, signal),
    enabled: ran.length > 0,
    placeholderData: keepPreviousData,
  });
  const known = new Map((found.data ?? []).map((run) => [run.info.run_id, run]));
  const measured = new Map(jobs.map(({ name }) => [name, measuresOf(graphs.get(name), known)]));
  const measures = [...new Set(jobs.flatMap(({ name }) => [...(measured.get(name)?.keys() ?? [])]))].sort();
  const rows: Row[] = [
    { name: t("Status"), cell: ({ properties }) => <Status of={properties.status} /> },
    { name: t("Started"), cell: ({ systemData }) => <When at={systemData?.createdAt} /> },
    ...measures.map((measure): Row => ({
      name: measure,
      cell: ({ name }) => short(measured.get(name)?.get(measure) ?? null),
    })),
  ];
  const columns: Column<Row>[] = [
    { key: "name", title: t("Name"), cell: ({ name }) => name },
    ...jobs.map((job): Column<Row> => ({
      key: job.name,
      title: (
        <Link to="/jobs/$name" params={{ name: job.name }}>
          {job.properties.displayName || job.name}
        </Link>
      ),
      isNumber: true,
      cell: (row) => row.cell(job),
    })),
  ];
  return <Table label={t("Side by side")} columns={columns} rows={rows} rowKey={({ name }) => name} />;
}

/** The run whose metrics a step has: its own, or the one that it was taken over from. */
const runOf = ({ job, reuse }: Graph["steps"][number]): string | null => reuse.from ?? job;

function measuresOf(graph: Graph | undefined, known: Map<string, Run>): Map<string, number> {
  return new Map(
    (graph?.steps ?? []).flatMap((step) =>
      (known.get(runOf(step) ?? "")?.data.metrics ?? [])
        .filter(({ key }) => !LEFT_OUT.test(key))
        .map(({ key, value }) => [`${step.displayName}: ${key.replace("__pf__.", "")}`, Number(value)] as const),
    ),
  );
}
