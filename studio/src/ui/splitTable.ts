/** A table as MLflow logs it, and as pandas writes one "split": names of columns, and rows of cells. */
export interface SplitTable {
  columns: string[];
  rows: string[][];
}

/** The table that a text of JSON holds, or null where it holds another thing. */
export function readSplitTable(text: string): SplitTable | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (found === null || typeof found !== "object" || !("columns" in found) || !("data" in found)) return null;
  const { columns, data } = found;
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return null;
  return { columns: columns.map(shown), rows: data.map((row: unknown[]) => row.map(shown)) };
}

const shown = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
