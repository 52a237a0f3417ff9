import type { Edge, Node } from "@xyflow/react";
import type { Step } from "../../api/types";
import type { Translate } from "../../app/i18n";
import { wordOf } from "../../ui/Status";
import { edgeId, laid, type Laid } from "./laid";
import { roundabout } from "./Way";

export const NODE = { width: 220, height: 76 };

export interface StepData extends Record<string, unknown> {
  step: Step;
  isChosen: boolean;
}

export type StepNode = Node<StepData, "step">;

/** Where each of them stands: what it needs above it. */
export function places(steps: readonly { name: string; needs?: readonly string[] }[]): Laid {
  const nodes = steps.map(({ name }) => ({ id: name, ...NODE }));
  const edges = steps.flatMap(({ name, needs }) => (needs ?? []).map((need) => ({ from: need, to: name })));
  return laid(nodes, edges, { direction: "TB", apart: 36, ranks: 56 });
}

export function nodesOf(steps: readonly Step[], { at }: Laid, t: Translate, chosen?: string): StepNode[] {
  return steps.map((step) => ({
    id: step.name,
    type: "step",
    position: at.get(step.name) ?? { x: 0, y: 0 },
    ...NODE,
    ariaLabel: `${step.displayName}, ${wordOf(step.status, t)}`,
    data: { step, isChosen: step.name === chosen },
  }));
}

export function edgesOf(steps: readonly Step[], laid: Laid): Edge[] {
  const known = new Set(steps.map(({ name }) => name));
  return steps.flatMap((step) =>
    (step.needs ?? [])
      .filter((need) => known.has(need))
      .map((need) => ({
        id: edgeId(need, step.name),
        source: need,
        target: step.name,
        animated: step.status === "Running",
        focusable: false,
        ariaLabel: `${need} → ${step.name}`,
        ...down(laid, need, step.name),
      })),
  );
}

/** The way of an edge from one card down to another. */
export function down(laid: Laid, from: string, to: string) {
  return roundabout(edgeId(from, to), laid, { reach: NODE.height, direction: "TB" });
}

export const isSweep = ({ type, job }: Step): boolean => type === "sweep" && job !== null;

/** Whether there is something to go into: the steps of a nested pipeline, or the trials of a sweep. */
export const hasInside = (step: Step): boolean => step.steps.length > 0 || isSweep(step);

/** The steps inside nested pipelines, by the names on the way to them. */
export function below(steps: readonly Step[], path: readonly string[]): readonly Step[] {
  return path.reduce<readonly Step[]>((found, name) => found.find((step) => step.name === name)?.steps ?? [], steps);
}
