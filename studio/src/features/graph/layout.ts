import { Graph, layout } from "@dagrejs/dagre";
import type { Edge, Node } from "@xyflow/react";
import type { Step } from "../../api/types";

export const NODE = { width: 220, height: 76 };

export interface StepData extends Record<string, unknown> {
  step: Step;
  isChosen: boolean;
}

export type StepNode = Node<StepData, "step">;

/** Where each of them stands: what it needs above it. */
export function places(
  steps: readonly { name: string; needs?: readonly string[] }[],
): Map<string, { x: number; y: number }> {
  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 36, ranksep: 56 });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(steps.map(({ name }) => name));
  for (const step of steps) graph.setNode(step.name, { ...NODE });
  for (const step of steps) {
    for (const need of step.needs ?? []) if (known.has(need)) graph.setEdge(need, step.name);
  }
  layout(graph);
  return new Map(
    steps.map(({ name }) => {
      const { x, y } = graph.node(name);
      return [name, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
}

export function nodesOf(
  steps: readonly Step[],
  at: Map<string, { x: number; y: number }>,
  chosen?: string,
): StepNode[] {
  return steps.map((step) => ({
    id: step.name,
    type: "step",
    position: at.get(step.name) ?? { x: 0, y: 0 },
    ...NODE,
    ariaLabel: `${step.displayName}, ${step.status}`,
    data: { step, isChosen: step.name === chosen },
  }));
}

export function edgesOf(steps: readonly Step[]): Edge[] {
  const states = new Map(steps.map(({ name, status }) => [name, status]));
  return steps.flatMap((step) =>
    (step.needs ?? [])
      .filter((need) => states.has(need))
      .map((need) => ({
        id: `${need}→${step.name}`,
        source: need,
        target: step.name,
        animated: step.status === "Running",
        focusable: false,
      })),
  );
}

/** The steps inside nested pipelines, by the names on the way to them. */
export function below(steps: readonly Step[], path: readonly string[]): readonly Step[] {
  return path.reduce<readonly Step[]>((found, name) => found.find((step) => step.name === name)?.steps ?? [], steps);
}
