/** A number as people compare it: few digits, the same width. */
export function short(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e7) ? value.toExponential(3) : value.toPrecision(5);
}

export function bytes(size: number | undefined): string {
  if (size === undefined) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = size > 0 ? Math.min(Math.floor(Math.log10(size) / 3), units.length - 1) : 0;
  const value = size / 1000 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${units[step]}`;
}

/** What something has cost, in dollars. */
export function money(cost: number | null): string {
  if (cost === null) return "";
  return cost > 0 && cost < 0.01 ? `$${cost.toPrecision(2)}` : `$${cost.toFixed(2)}`;
}
