/** The pairs of a text that has one NAME=value a line; other lines are left out. */
export const pairsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split("\n")
      .map((line) => /^\s*([^=\s]+)=(.*)$/.exec(line))
      .flatMap((match) => (match ? [[match[1], match[2]]] : [])),
  );

/** Whether every line that is not empty is such a pair. */
export const isPairs = (text: string): boolean =>
  text.split("\n").every((line) => !line.trim() || /^\s*[^=\s]+=/.test(line));

/** Pairs as `pairsOf` reads them. */
export const linesOf = (pairs: Record<string, string>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
