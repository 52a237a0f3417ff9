/** The pipeline as React Flow draws it. */
import { MarkerType, type Edge, type Node } from "@xyflow/react";
import type { Translate } from "../../app/i18n";
import { termOf } from "../../ui/terms";
import type { Place } from "../graph/laid";
import { heightOf, PORT_NODE, WIDTH } from "./arrange";
import { inputNode, isControl, outputNode, type Link, type Model, type PipelinePort, type StepModel } from "./pipeline";

export interface StepData extends Record<string, unknown> {
  step: StepModel;
  problems: number;
}

export interface PortData extends Record<string, unknown> {
  port: PipelinePort;
  side: "inputs" | "outputs";
}

export type StepNode = Node<StepData, "step">;
export type PortNode = Node<PortData, "port">;
export type AnyNode = StepNode | PortNode;

export const handleOf = (side: "i" | "o", name: string): string => `${side}:${name}`;
export const nameOf = (handle: string | null | undefined): string | undefined =>
  handle && /^[io]:/.test(handle) ? handle.slice(2) : undefined;

/** The name of a node without what tells inputs and outputs of the pipeline from its steps. */
const bare = (node: string): string => node.replace(/^(in|out):/, "");

export function nodesOf(
  model: Model,
  at: (name: string) => Place,
  problems: Record<string, number>,
  t: Translate,
  chosen: string | undefined,
): AnyNode[] {
  const port = (side: "inputs" | "outputs", id: string, each: PipelinePort): PortNode => ({
    id,
    type: "port",
    position: at(id),
    ...PORT_NODE,
    selected: id === chosen,
    ariaLabel: `${each.name}, ${termOf(each.type, t)}`,
    data: { port: each, side },
  });
  return [
    ...model.inputs.map((each) => port("inputs", inputNode(each.name), each)),
    ...model.steps.map((step): StepNode => ({
      id: step.name,
      type: "step",
      position: at(step.name),
      width: WIDTH,
      height: heightOf(step),
      selected: step.name === chosen,
      ariaLabel: `${step.title}, ${termOf(step.type, t)}`,
      data: { step, problems: Object.hasOwn(problems, step.name) ? problems[step.name] : 0 },
    })),
    ...model.outputs.map((each) => port("outputs", outputNode(each.name), each)),
  ];
}

export function edgesOf(model: Model): Edge[] {
  const control = new Set(model.steps.filter(isControl).map(({ name }) => name));
  return model.links.map((link: Link) => ({
    id: link.id,
    source: link.source,
    target: link.target,
    sourceHandle: link.sourcePort === undefined ? "out" : handleOf("o", link.sourcePort),
    targetHandle: link.targetPort === undefined ? "in" : handleOf("i", link.targetPort),
    label: link.label,
    ariaLabel: `${bare(link.source)} → ${bare(link.target)}`,
    deletable: link.isBinding,
    focusable: link.isBinding,
    className: link.isBinding ? undefined : "aside",
    animated: control.has(link.source) && !link.isBinding,
    markerEnd: { type: MarkerType.ArrowClosed },
    data: { link },
  }));
}
