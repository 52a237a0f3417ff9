import type { Run } from "../../api/types";

export interface Row {
  kind: "metric" | "parameter" | "info";
  name: string;
  values: (string | number | undefined)[];
}

/** Everything the runs say of themselves, a row each: parameters first, then metrics. */
export function rowsOf(runs: readonly Run[]): Row[] {
  const tables = runs.map((run) => ({
    parameter: new Map(run.data.params?.map(({ key, value }) => [key, value])),
    metric: new Map(run.data.metrics?.map(({ key, value }) => [key, value])),
  }));
  const names = (kind: "parameter" | "metric") =>
    [...new Set(tables.flatMap((table) => [...table[kind].keys()]))].sort();
  return (["parameter", "metric"] as const).flatMap((kind) =>
    names(kind)
      .filter((name) => !name.startsWith("system/"))
      .map((name) => ({ kind, name, values: tables.map((table) => table[kind].get(name)) })),
  );
}

export const differs = (row: Row): boolean => new Set(row.values.map((value) => String(value))).size > 1;

export const isNumeric = (row: Row): boolean =>
  row.values.every((value) => value === undefined || (value !== "" && Number.isFinite(Number(value))));

export const nameOf = (run: Run): string => run.info.run_name || run.info.run_id;
