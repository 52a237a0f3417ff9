import type { Job, JobPort, Run } from "../../api/types";
import type { Message } from "../../app/i18n";

type Value = string | number | undefined;

export type Row =
  | { kind: "input" | "parameter" | "metric" | "tag"; name: string; values: Value[] }
  /** What a run is, apart from what it has been given and has logged. */
  | { kind: "fact"; name: Message; values: Value[] };

type Jobs = ReadonlyMap<string, Job>;

/** Tags of the program that logs, not of whoever reads. */
const OF_CLIENTS = "mlflow.";

/** Whether a run is one of a job, which tells more about it. */
export const isJob = (run: Run): boolean =>
  run.data.tags?.some(({ key, value }) => key === "mlflow.source.type" && value === "JOB") ?? false;

/** Everything the runs say of themselves, a row each: what they were given first, then what came of it. */
export function rowsOf(runs: readonly Run[], jobs: Jobs = new Map()): Row[] {
  const tables = runs.map((run) => ({
    input: new Map(
      Object.entries(jobs.get(run.info.run_id)?.properties.inputs ?? {}).map(([key, port]) => [key, given(port)]),
    ),
    parameter: new Map(run.data.params?.map(({ key, value }) => [key, value])),
    metric: new Map(run.data.metrics?.map(({ key, value }) => [key, value])),
    tag: new Map(run.data.tags?.filter(({ key }) => !key.startsWith(OF_CLIENTS)).map(({ key, value }) => [key, value])),
  }));
  const rows = (["input", "parameter", "metric", "tag"] as const).flatMap((kind) =>
    [...new Set(tables.flatMap((table) => [...table[kind].keys()]))]
      .sort()
      .filter((name) => !name.startsWith("system/"))
      .map((name): Row => ({ kind, name, values: tables.map((table): Value => table[kind].get(name)) })),
  );
  const logged = new Set(rows.filter(({ kind }) => kind === "parameter").map(told));
  // Code that logs its arguments says once more what the job was given.
  return [...rows.filter((row) => row.kind !== "input" || !logged.has(told(row))), ...facts(runs, jobs)];
}

const told = ({ name, values }: Row): string => JSON.stringify([name, values]);

function facts(runs: readonly Run[], jobs: Jobs): Row[] {
  const of = (name: Message, read: (run: Run, job?: Job) => Value): Row => ({
    kind: "fact",
    name,
    values: runs.map((run) => read(run, jobs.get(run.info.run_id))),
  });
  const all = [
    of("Experiment", (_, job) => job?.properties.experimentName),
    of("Environment", (_, job) => short(job?.properties.environmentId)),
    of("Compute", (_, job) => short(job?.properties.computeId)),
    of("Command", (_, job) => job?.properties.command),
    of("Created by", (run) => run.info.user_id),
    of("Duration in seconds", ({ info }) =>
      info.start_time !== undefined && info.end_time !== undefined
        ? (info.end_time - info.start_time) / 1000
        : undefined,
    ),
  ];
  return all.filter(({ values }) => values.some((value) => value !== undefined));
}

const given = (port: JobPort): string => port.value ?? short(port.uri) ?? "";

/** An id as people write it: `table:3`; the last part of any other address. */
function short(id: string | undefined): string | undefined {
  if (!id) return undefined;
  const asset = /\/([^/]+)\/versions\/([^/]+)$/.exec(id);
  return asset ? `${asset[1]}:${asset[2]}` : id.replace(/\/$/, "").split("/").at(-1);
}

export const differs = (row: Row): boolean => new Set(row.values.map((value) => String(value))).size > 1;

export const isNumeric = (row: Row): boolean =>
  row.values.every((value) => value === undefined || (value !== "" && Number.isFinite(Number(value))));

export const nameOf = (run: Run): string => run.info.run_name || run.info.run_id;
