/** The pairs of a text that has one NAME=value a line; other lines are left out. */
export const pairsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split("\n")
      .map((line) => /^\s*([^=\s]+)=(.*)$/.exec(line))
      .flatMap((match) => (match ? [[match[1], match[2]]] : [])),
  );

/** Pairs as `pairsOf` reads them. */
export const linesOf = (pairs: Record<string, string>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
