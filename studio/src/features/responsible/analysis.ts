/** What is measured of rows, in the browser, so that cohorts and groups need no further job. */
import type { Message } from "../../app/i18n";
import type { Cell, Dataset, TreeNode } from "./dashboards";

export interface Condition {
  column: string;
  method: Method;
  arg: Cell[];
}

export const METHODS = ["less and equal", "greater", "includes", "excludes"] as const;
export type Method = (typeof METHODS)[number];

export interface Cohort {
  name: string;
  conditions: Condition[];
}

export interface Measure {
  name: Message;
  value: number;
}

export interface Group {
  label: string;
  rows: number[];
  condition: Condition[];
}

const MOST_GROUPS = 12;

export const everyRow = (data: Dataset): number[] => data.true_y.map((_, row) => row);

export const isClassified = (data: Dataset): boolean => data.task_type === "classification";

/** The value of a column in a row: of a feature, of the target, or of what the model says of it. */
export function valueOf(data: Dataset, column: string, row: number): Cell {
  const at = data.feature_names.indexOf(column);
  if (at >= 0) return data.features[row][at];
  const said = column === data.target_column ? data.true_y[row] : data.predicted_y[row];
  return data.class_names ? data.class_names[said] : said;
}

function meets(data: Dataset, { column, method, arg }: Condition, row: number): boolean {
  const value = valueOf(data, column, row);
  if (method === "includes") return arg.includes(value);
  if (method === "excludes") return !arg.includes(value);
  if (typeof value !== "number") return false;
  return method === "greater" ? value > Number(arg[0]) : value <= Number(arg[0]);
}

export const rowsOf = (data: Dataset, conditions: Condition[], among = everyRow(data)): number[] =>
  among.filter((row) => conditions.every((each) => meets(data, each, row)));

/** The conditions from the root of an error tree down to a node. */
export function pathTo(tree: TreeNode[], id: number): Condition[] {
  const node = tree.find((each) => each.id === id);
  if (!node || node.parentId === null || !node.parentNodeName || !node.method) return [];
  const arg: Cell[] = node.values ?? (Array.isArray(node.arg) ? node.arg : [node.arg]);
  return [...pathTo(tree, node.parentId), { column: node.parentNodeName, method: node.method as Method, arg }];
}

export const isNumeric = (data: Dataset, column: string): boolean =>
  !data.categorical_features.includes(column) && data.feature_names.includes(column);

const numbers = (data: Dataset, column: string): number[] =>
  everyRow(data)
    .map((row) => valueOf(data, column, row))
    .filter((value): value is number => typeof value === "number")
    .sort((one, other) => one - other);

/** The groups of a column among some rows: categories, or numbers in quarters with as many rows each. */
export function groupsOf(data: Dataset, column: string, among: number[], parts = 4): Group[] {
  const sorted = isNumeric(data, column) ? numbers(data, column) : [];
  if (new Set(sorted).size > parts) return quantiles(data, column, among, sorted, parts);
  const found = new Map<Cell, number[]>();
  for (const row of among) {
    const value = valueOf(data, column, row);
    found.set(value, [...(found.get(value) ?? []), row]);
  }
  return [...found]
    .sort(([, one], [, other]) => other.length - one.length)
    .slice(0, MOST_GROUPS)
    .map(([value, rows]) => ({
      label: String(value),
      rows,
      condition: [{ column, method: "includes", arg: [value] }],
    }));
}

function quantiles(data: Dataset, column: string, among: number[], sorted: number[], parts: number): Group[] {
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * part) / parts))];
  const limits = [...new Set(Array.from({ length: parts - 1 }, (_, part) => at(part + 1)))];
  const digits = (value: number) => String(Number(value.toPrecision(4)));
  return [...limits, Infinity].map((limit, place) => {
    const low = place > 0 ? limits[place - 1] : -Infinity;
    const condition: Condition[] = [];
    if (low !== -Infinity) condition.push({ column, method: "greater", arg: [low] });
    if (limit !== Infinity) condition.push({ column, method: "less and equal", arg: [limit] });
    const label =
      low === -Infinity
        ? `≤ ${digits(limit)}`
        : limit === Infinity
          ? `> ${digits(low)}`
          : `${digits(low)} – ${digits(limit)}`;
    return { label, rows: rowsOf(data, condition, among), condition };
  });
}

const ratio = (part: number, whole: number): number => (whole === 0 ? NaN : part / whole);
const mean = (values: number[]): number =>
  ratio(
    values.reduce((sum, each) => sum + each, 0),
    values.length,
  );

/** How wrong some rows are: the share of them, or how far off they are on average. */
export function errorOf(data: Dataset, rows: number[]): number {
  const off = rows.map((row) => data.predicted_y[row] - data.true_y[row]);
  return mean(off.map((each) => (isClassified(data) ? Number(each !== 0) : Math.abs(each))));
}

export const isWrong = (data: Dataset, row: number): boolean =>
  isClassified(data) && data.predicted_y[row] !== data.true_y[row];

/** The metrics of some rows. Of two classes the second one is the positive one; of more, all count alike. */
export function measures(data: Dataset, rows: number[]): Measure[] {
  return isClassified(data) ? ofClasses(data, rows) : ofNumbers(data, rows);
}

function ofNumbers(data: Dataset, rows: number[]): Measure[] {
  const off = rows.map((row) => data.predicted_y[row] - data.true_y[row]);
  const squared = mean(off.map((each) => each * each));
  const middle = mean(rows.map((row) => data.true_y[row]));
  const spread = mean(rows.map((row) => (data.true_y[row] - middle) ** 2));
  return [
    { name: "Mean absolute error", value: mean(off.map(Math.abs)) },
    { name: "Mean squared error", value: squared },
    { name: "R2 score", value: 1 - ratio(squared, spread) },
    { name: "Mean prediction", value: mean(rows.map((row) => data.predicted_y[row])) },
    { name: "Mean error", value: mean(off) },
  ];
}

interface Counts {
  hits: number;
  falseAlarms: number;
  misses: number;
  rest: number;
}

function countsOf(data: Dataset, rows: number[], positive: number): Counts {
  const counts = { hits: 0, falseAlarms: 0, misses: 0, rest: 0 };
  for (const row of rows) {
    const said = data.predicted_y[row] === positive;
    const is = data.true_y[row] === positive;
    counts[said ? (is ? "hits" : "falseAlarms") : is ? "misses" : "rest"] += 1;
  }
  return counts;
}

function ofClasses(data: Dataset, rows: number[]): Measure[] {
  const classes = data.class_names?.length ?? 2;
  const positives = classes === 2 ? [1] : Array.from({ length: classes }, (_, each) => each);
  const scores = positives.map((positive) => {
    const { hits, falseAlarms, misses } = countsOf(data, rows, positive);
    return [
      ratio(hits, hits + falseAlarms) || 0,
      ratio(hits, hits + misses) || 0,
      ratio(2 * hits, 2 * hits + falseAlarms + misses) || 0,
    ];
  });
  const [precision, recall, f1] = [0, 1, 2].map((place) => mean(scores.map((each) => each[place])));
  const general: Measure[] = [
    { name: "Accuracy", value: rows.length === 0 ? NaN : 1 - errorOf(data, rows) },
    { name: "Precision", value: precision },
    { name: "Recall", value: recall },
    { name: "F1 score", value: f1 },
  ];
  if (classes !== 2) return general;
  const { hits, falseAlarms, misses, rest } = countsOf(data, rows, 1);
  return [
    ...general,
    { name: "Selection rate", value: ratio(hits + falseAlarms, rows.length) },
    { name: "False positive rate", value: ratio(falseAlarms, falseAlarms + rest) },
    { name: "False negative rate", value: ratio(misses, misses + hits) },
  ];
}

/** Between the largest and the smallest of some values, and the smallest as a part of the largest. */
export function disparity(values: number[]): { difference: number; ratio: number } {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return { difference: NaN, ratio: NaN };
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return { difference: high - low, ratio: ratio(low, high) };
}

/** How often each class was said where each was right: by truth, then by what was said. */
export function confusion(data: Dataset, rows: number[]): number[][] {
  const names = data.class_names ?? [];
  const table = names.map(() => names.map(() => 0));
  for (const row of rows) table[data.true_y[row]][data.predicted_y[row]] += 1;
  return table;
}
