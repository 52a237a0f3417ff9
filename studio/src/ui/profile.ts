/** What the values of a column are like. */
export interface ColumnProfile {
  name: string;
  isNumber: boolean;
  missing: number;
  distinct: number;
  /** Of numbers. */
  lowest?: number;
  mean?: number;
  highest?: number;
  /** The value that is there most often, and how often. */
  frequent?: [value: string, count: number];
  /** How many values fall into each of equal parts from the lowest to the highest. */
  parts: number[];
}

const PARTS = 12;

export function profileOf(name: string, values: readonly string[]): ColumnProfile {
  const present = values.filter((value) => value !== "");
  const numbers = present.map(Number);
  const isNumber = present.length > 0 && numbers.every((value) => Number.isFinite(value));
  const counts = new Map<string, number>();
  for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1);
  const frequent = [...counts].reduce<[string, number] | undefined>(
    (best, each) => (best && best[1] >= each[1] ? best : each),
    undefined,
  );
  const told = { name, isNumber, missing: values.length - present.length, distinct: counts.size, frequent };
  return isNumber ? { ...told, ...spread(numbers) } : { ...told, parts: [] };
}

function spread(numbers: readonly number[]): Pick<ColumnProfile, "lowest" | "mean" | "highest" | "parts"> {
  const lowest = numbers.reduce((one, other) => Math.min(one, other));
  const highest = numbers.reduce((one, other) => Math.max(one, other));
  const parts = Array<number>(PARTS).fill(0);
  for (const value of numbers) {
    const part = highest === lowest ? 0 : Math.floor(((value - lowest) / (highest - lowest)) * PARTS);
    parts[Math.min(part, PARTS - 1)] += 1;
  }
  return { lowest, highest, mean: numbers.reduce((sum, value) => sum + value, 0) / numbers.length, parts };
}
