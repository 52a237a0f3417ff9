import { Graph, layout } from "@dagrejs/dagre";
import { inputNode, outputNode, type Model, type StepModel } from "./pipeline";

export interface Place {
  x: number;
  y: number;
}

export const WIDTH = 240;
const HEAD = 52;
const ROW = 22;
export const PORT_NODE = { width: 170, height: 40 };

/** The ports of a step that are drawn: data, what is bound, and what is missing. The rest is in its settings. */
export function drawn(step: StepModel) {
  const inputs = step.inputs.filter(
    ({ binding, port, text }) =>
      binding !== null ||
      (port !== undefined && isData(port.type)) ||
      (port !== undefined && text === undefined && !port.optional && port.default === undefined),
  );
  return { inputs, outputs: step.outputs };
}

export const isData = (type: string): boolean =>
  !["string", "number", "integer", "boolean", "literal"].includes(type.toLowerCase());

export function heightOf(step: StepModel): number {
  const { inputs, outputs } = drawn(step);
  return HEAD + Math.max(inputs.length, outputs.length) * ROW + 8;
}

/** Where every node of a pipeline stands: what it needs to the left of it. */
export function arranged(model: Model): Map<string, Place> {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 24, ranksep: 56 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { name } of model.inputs) graph.setNode(inputNode(name), { ...PORT_NODE });
  for (const { name } of model.outputs) graph.setNode(outputNode(name), { ...PORT_NODE });
  for (const step of model.steps) graph.setNode(step.name, { width: WIDTH, height: heightOf(step) });
  for (const { source, target } of model.links) graph.setEdge(source, target);
  layout(graph);
  return new Map(
    graph.nodes().map((name) => {
      const { x, y, width, height } = graph.node(name);
      return [name, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}
