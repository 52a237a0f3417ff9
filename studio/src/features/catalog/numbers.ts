/** Sizes of models, short enough for a table. */
export function amount(value: number | undefined, language: string): string {
  if (value === undefined) return "";
  return new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

export const gib = (value: number): string => `${value < 0.1 ? "< 0.1" : value} GiB`;
