import { laid, type Place } from "../graph/laid";
import { inputNode, outputNode, type Model, type StepModel } from "./pipeline";

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
  const nodes = [
    ...model.inputs.map(({ name }) => ({ id: inputNode(name), ...PORT_NODE })),
    ...model.outputs.map(({ name }) => ({ id: outputNode(name), ...PORT_NODE })),
    ...model.steps.map((step) => ({ id: step.name, width: WIDTH, height: heightOf(step) })),
  ];
  const edges = model.links.map(({ source, target }) => ({ from: source, to: target }));
  return laid(nodes, edges, { direction: "LR", apart: 24, ranks: 56 }).at;
}
