import type { Translate } from "../../app/i18n";
import type { Condition } from "./analysis";

const SIGNS: Record<Condition["method"], string> = {
  "less and equal": "≤",
  greater: ">",
  includes: "=",
  excludes: "≠",
};

const plain = (value: unknown): string =>
  typeof value === "number" ? String(Number(value.toPrecision(5))) : String(value);

/** Conditions as people read them. */
export const wordsOf = (conditions: Condition[], t: Translate): string =>
  conditions.map(({ column, method, arg }) => `${column} ${SIGNS[method]} ${arg.map(plain).join(" | ")}`).join(", ") ||
  t("All rows");

export const percent = (value: number): string => (Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : "–");
