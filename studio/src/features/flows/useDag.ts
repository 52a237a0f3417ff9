import { createContext, use } from "react";
import type { Dag } from "./dag";
import { useDraft } from "./useDraft";

export interface OpenDag extends Dag {
  /** What it was read from. */
  text: string;
}

export const DagContext = createContext<OpenDag | null>(null);

/** The graph that is edited; null for flows that are no graph. */
export const useDag = (): OpenDag | null => use(DagContext);

/** Changes the graph's file: takes what it is now and answers what it shall be. */
export function useDagChange(): (change: (text: string) => string) => void {
  const { flow, change } = useDraft();
  const dag = useDag();
  return (next) => {
    if (dag) change(flow.entryFile, next(dag.text));
  };
}
