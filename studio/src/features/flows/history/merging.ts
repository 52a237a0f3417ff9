/** Bringing together what two people have made of the same files. */
import { diff3Merge } from "node-diff3";
import type { FlowFile } from "../../../api/flows";
import type { Edits } from "../edits";
import { isGone, textOf } from "../edits";

export interface Both {
  path: string;
  /** As it was when the edits began; null where there was none, or no text. */
  base: string | null;
  /** As the other saved it. */
  theirs: string | null;
  /** The edit. */
  mine: FlowFile;
}

export interface Merged {
  text: string;
  /** In how many places both changed the same lines. */
  conflicts: number;
}

/** Both changes of a text in one; where they meet in the same lines, one's own stand, and are counted. */
export function merged(base: string, theirs: string, mine: string): Merged {
  const regions = diff3Merge(mine.split("\n"), base.split("\n"), theirs.split("\n"));
  const conflicts = regions.filter((region) => region.conflict).length;
  const lines = regions.flatMap((region) => region.ok ?? region.conflict?.a ?? []);
  return { text: lines.join("\n"), conflicts };
}

/** How a file stands when nobody has looked at it yet. */
export function proposed(both: Both): { file: FlowFile; conflicts: number } {
  const mine = textOf(both.mine);
  if (mine === null || both.theirs === null) return { file: both.mine, conflicts: 1 };
  const { text, conflicts } = merged(both.base ?? "", both.theirs, mine);
  return { file: { path: both.path, content: text }, conflicts };
}

/** The edits over the newer version: those that it does not hold already. */
export function rebased(
  edits: Edits,
  latest: number,
  both: readonly Both[],
  chosen: Record<string, FlowFile | null>,
): Edits {
  const files = { ...edits.files };
  for (const each of both) {
    const file = each.path in chosen ? chosen[each.path] : proposed(each).file;
    const isSame = file === null || (each.theirs === null ? isGone(file) : textOf(file) === each.theirs);
    if (file === null || isSame) delete files[each.path];
    else files[each.path] = file;
  }
  return { base: latest, files };
}
