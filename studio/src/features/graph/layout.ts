import type { Edge, Node } from "@xyflow/react";
import type { Step } from "../../api/types";
import { laid, type Place } from "./laid";

export const NODE = { width: 220, height: 76 };

export interface StepData extends Record<string, unknown> {
  step: Step;
  isChosen: boolean;
}

export type StepNode = Node<StepData, "step">;

/** Where each of them stands: what it needs above it. */
export function places(steps: readonly { name: string; needs?: readonly string[] }[]): Map<string, Place> {
  const nodes = steps.map(({ name }) => ({ id: name, ...NODE }));
  const edges = steps.flatMap(({ name, needs }) => (needs ?? []).map((need) => ({ from: need, to: name })));
  return laid(nodes, edges, { direction: "TB", apart: 36, ranks: 56 });
}

export function nodesOf(steps: readonly Step[], at: Map<string, Place>, chosen?: string): StepNode[] {
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
