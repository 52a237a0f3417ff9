import { useEffect, useState } from "react";
import { hear } from "../../api/stream";

interface News {
  text: string;
  isWhole: boolean;
}

/** A log as the server tells it: its end, then what is added. Null until the first of it is there. */
export function useLogStream(address: string): readonly string[] | null {
  const [lines, setLines] = useState<readonly string[] | null>(null);
  useEffect(
    () => hear<News>(address, ({ text, isWhole }) => setLines((old) => joined(isWhole ? null : old, text))),
    [address],
  );
  return lines;
}

/** The last line goes on where the next text begins. */
function joined(old: readonly string[] | null, text: string): readonly string[] {
  const last = old?.at(-1) ?? "";
  const lines = [...(old ?? []).slice(0, -1), ...(last + text).split("\n")];
  return lines.length === 1 && lines[0] === "" ? [] : lines;
}
