import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useState } from "react";
import {
  flowLine,
  flowRun,
  startTest,
  type FlowRun,
  type FlowTest,
  type LineDetail,
  type NodeRun,
} from "../../api/flows";
import type { Topic } from "../../api/live";
import { ENDED } from "../../api/types";
import { useChanges, useScope } from "../../app/workspace";
import type { Draft } from "./useDraft";

/** What was tried lately: the whole flow, and nodes alone, each by the job that did it. */
export interface Tests {
  whole: string | null;
  nodes: Record<string, string>;
  start: (test: FlowTest) => Promise<string>;
  /** What was typed to try the flow with, by input. */
  values: Record<string, string>;
  setValue: (name: string, text: string) => void;
  /** What a node answered last, if it did. */
  outputOf: (node: string) => unknown;
}

export const TestsContext = createContext<Tests | null>(null);

export function useTests(): Tests {
  const found = use(TestsContext);
  if (!found) throw new Error("No flow is open.");
  return found;
}

/** Tries what is being edited, saved or not. */
export function useTestsOf({ flow, edits }: Draft): Tests {
  const scope = useScope();
  const [whole, setWhole] = useState<string | null>(null);
  const [nodes, setNodes] = useState<Record<string, string>>({});
  const client = useQueryClient();
  const key = `smalt.flow.try:${scope}/${flow.name}`;
  const [values, setValues] = useState<Record<string, string>>(() => keptValues(key));
  const setValue = useCallback(
    (name: string, text: string) =>
      setValues((old) => {
        const next = { ...old, [name]: text };
        try {
          localStorage.setItem(key, JSON.stringify(next));
        } catch {
          // An image may be larger than what a browser keeps; the flow is tried with it all the same.
          localStorage.removeItem(key);
        }
        return next;
      }),
    [key],
  );
  const outputOf = (node: string): unknown => {
    const job = nodes[node] ?? whole;
    const line = job ? client.getQueryData<LineDetail>(flowLine(scope, job, 0).queryKey) : undefined;
    return line?.nodes.find((each) => each.node === node && each.status === "Completed")?.output;
  };
  const start = useCallback(
    async (test: FlowTest) => {
      const files = Object.values(edits.files);
      const job = await startTest(scope, flow.name, edits.base, files.length > 0 ? { ...test, files } : test);
      const node = test.node;
      if (node !== undefined) setNodes((old) => ({ ...old, [node]: job }));
      else if (test.variant === undefined) {
        setWhole(job);
        setNodes({});
      }
      return job;
    },
    [scope, flow.name, edits],
  );
  return { whole, nodes, start, values, setValue, outputOf };
}

function keptValues(key: string): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

export interface Tried {
  run: FlowRun | undefined;
  line: LineDetail | undefined;
  isOver: boolean;
  error: Error | null;
}

/** How a test fares, live. */
export function useTried(job: string | null | undefined): Tried {
  const scope = useScope();
  useLiveRun(job);
  const run = useQuery({ ...flowRun(scope, job ?? ""), enabled: Boolean(job) });
  const isOver = run.data !== undefined && ENDED.has(run.data.status);
  const line = useQuery({
    ...flowLine(scope, job ?? "", 0),
    // Before it has ended there is nothing to read of a line.
    enabled: run.data !== undefined && run.data.lines.completed + run.data.lines.failed > 0,
  });
  return { run: run.data, line: line.data, isOver, error: run.error ?? line.error };
}

/** Ask again about a run when something of it is logged. That its job changed is heard anyway. */
export function useLiveRun(job: string | null | undefined): void {
  const scope = useScope();
  const client = useQueryClient();
  useChanges(
    useCallback(
      (topics: Topic[]) => {
        if (job && topics.some(({ kind, name }) => kind === "runs" && name === job)) {
          void client.invalidateQueries({ queryKey: ["jobs", scope, job] });
        }
      },
      [client, job, scope],
    ),
  );
}

/** What a node answered last: when it was tried alone, or else with the whole flow. */
export function useNodeRun(node: string): {
  found: NodeRun | undefined;
  isOver: boolean;
  job: string | undefined;
  tried: Tried;
} {
  const tests = useTests();
  const job = tests.nodes[node] ?? tests.whole ?? undefined;
  const tried = useTried(job);
  const found = tried.line?.nodes.find((each) => each.node === node);
  return { found, isOver: tried.isOver, job, tried };
}
