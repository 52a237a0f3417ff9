/** A notebook as it is edited: its cells, with every text whole and an id for each. Pure. */
import { diff3Merge } from "node-diff3";
import type { CellRun, Output, SessionEvent } from "../../api/notebooks";

export type CellType = "code" | "markdown" | "raw";

export interface Cell {
  id: string;
  cell_type: CellType;
  source: string;
  metadata: Record<string, unknown>;
  outputs?: Output[];
  execution_count?: number | null;
}

export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown> & { smalt?: { environment?: string; compute?: string } };
}

const joined = (text: unknown): string => (Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "");

export const newId = (): string => crypto.randomUUID().slice(0, 8);

export const newCell = (type: CellType = "code", source = ""): Cell => ({
  id: newId(),
  cell_type: type,
  source,
  metadata: {},
  ...(type === "code" ? { outputs: [], execution_count: null } : {}),
});

export const emptyNotebook = (): Notebook => ({
  cells: [newCell()],
  metadata: {
    kernelspec: { name: "python3", display_name: "Python 3", language: "python" },
    language_info: { name: "python", file_extension: ".py" },
  },
});

/** The notebook in a text, or null. An empty file is an empty notebook. */
export function readNotebook(text: string): Notebook | null {
  if (!text.trim()) return emptyNotebook();
  try {
    const found = JSON.parse(text) as { cells?: unknown; metadata?: Notebook["metadata"] };
    if (!Array.isArray(found.cells)) return null;
    return { cells: (found.cells as Partial<Cell>[]).map(readCell), metadata: found.metadata ?? {} };
  } catch {
    return null;
  }
}

function readCell(cell: Partial<Cell>, at: number): Cell {
  const type: CellType = cell.cell_type === "markdown" || cell.cell_type === "raw" ? cell.cell_type : "code";
  const read = { ...cell, id: cell.id ?? `cell-${at}`, cell_type: type, source: joined(cell.source) };
  const whole = { ...read, metadata: cell.metadata ?? {} };
  return type === "code"
    ? { ...whole, outputs: (cell.outputs ?? []).map(readOutput), execution_count: cell.execution_count ?? null }
    : whole;
}

const readOutput = (output: Output): Output =>
  output.text === undefined ? output : { ...output, text: joined(output.text) };

export const writeNotebook = ({ cells, metadata }: Notebook): string =>
  `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;

const sourcesOf = ({ cells }: Notebook): string =>
  JSON.stringify(cells.map(({ id, cell_type, source }) => [id, cell_type, source]));

/** Both changes together where only one side has changed what people write; else null. */
export function mergeNotebooks(base: Notebook, mine: Notebook, theirs: Notebook): Notebook | null {
  const [before, here, there] = [base, mine, theirs].map(sourcesOf);
  if (there === before || there === here) return mine;
  if (here !== before) return null;
  const outputs = new Map(mine.cells.map((cell) => [cell.id, cell]));
  const cells = theirs.cells.map((cell) => {
    const own = outputs.get(cell.id);
    return own && own.source === cell.source
      ? { ...cell, outputs: own.outputs, execution_count: own.execution_count }
      : cell;
  });
  return { ...theirs, cells };
}

/** Both changes together, line by line; null where they touch the same lines. */
export function mergeTexts(base: string, mine: string, theirs: string): string | null {
  const found = diff3Merge(mine.split("\n"), base.split("\n"), theirs.split("\n"));
  if (found.some((part) => part.conflict)) return null;
  return found.flatMap((part) => part.ok ?? []).join("\n");
}

/** The cells after something was told of their outputs; the same array when nothing changes. */
export function told(cells: Cell[], event: SessionEvent): Cell[] {
  if (event.type === "state" || event.type === "over") return withRuns(cells, event.cells);
  if (!("cell" in event)) return cells;
  const at = cells.findIndex(({ id }) => id === event.cell);
  const cell = cells[at];
  if (!cell || cell.cell_type !== "code") return cells;
  const changed = changedBy(cell, event);
  return changed === cell ? cells : [...cells.slice(0, at), changed, ...cells.slice(at + 1)];
}

function changedBy(cell: Cell, event: SessionEvent): Cell {
  const outputs = cell.outputs ?? [];
  if (event.type === "queued") return { ...cell, outputs: [], execution_count: null };
  if (event.type === "clear") return { ...cell, outputs: [] };
  if (event.type === "count" || event.type === "finished") return { ...cell, execution_count: event.executionCount };
  if (event.type === "output")
    return { ...cell, outputs: [...outputs.slice(0, event.at), event.output, ...outputs.slice(event.at + 1)] };
  if (event.type === "append" || event.type === "tail") {
    const output = outputs[event.at];
    if (!output) return cell;
    const text = joined(output.text);
    const kept = event.type === "append" ? text : text.slice(0, text.lastIndexOf("\n") + 1);
    return {
      ...cell,
      outputs: outputs.map((each, at) => (at === event.at ? { ...each, text: kept + event.text } : each)),
    };
  }
  return cell;
}

function withRuns(cells: Cell[], runs: Record<string, CellRun>): Cell[] {
  let isSame = true;
  const found = cells.map((cell) => {
    const run = runs[cell.id];
    if (!run || cell.cell_type !== "code") return cell;
    const isKnown =
      cell.execution_count === run.executionCount && JSON.stringify(cell.outputs) === JSON.stringify(run.outputs);
    if (isKnown) return cell;
    isSame = false;
    return { ...cell, outputs: run.outputs, execution_count: run.executionCount };
  });
  return isSame ? cells : found;
}

/** Positions as kernels count them: characters, not halves of them. */
export const toKernel = (text: string, at: number): number => [...text.slice(0, at)].length;
export const fromKernel = (text: string, at: number): number => [...text].slice(0, at).join("").length;
