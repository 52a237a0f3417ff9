/** Drawing a line in the graph: which input it fills. */
import { addPort, setInNode, setPort } from "./change";
import type { Dag } from "./dag";
import { freeName, referencesFor } from "./references";

/** Whether a line may go from one end to another: not in a circle, and from the flow's inputs only if there is one. */
export function canConnect(dag: Dag, from: string, to: string): boolean {
  const reference = referenceTo(dag, from);
  if (reference === null || from === to || to === "inputs") return false;
  return to === "outputs" ? from !== "inputs" : referencesFor(dag, to).includes(reference);
}

const referenceTo = (dag: Dag, from: string): string | null => {
  if (from !== "inputs") return `\${${from}.output}`;
  return dag.inputs.length > 0 ? `\${inputs.${dag.inputs[0].name}}` : null;
};

/** The text after a line was drawn: the first empty input takes it, or else a new one. */
export function connected(text: string, dag: Dag, from: string, to: string): string {
  const reference = referenceTo(dag, from);
  if (reference === null) return text;
  if (to === "outputs") {
    const empty = dag.outputs.find((each) => each.reference === "");
    if (empty) return setPort(text, "outputs", empty.name, "reference", reference);
    const taken = dag.outputs.map(({ name }) => name);
    return addPort(text, "outputs", freeName(from, taken), { type: "string", reference });
  }
  const node = dag.nodes.find(({ name }) => name === to);
  if (!node) return text;
  const empty = Object.entries(node.inputs).find(([, value]) => value === "" || value === null);
  const name = empty?.[0] ?? freeName(from === "inputs" ? dag.inputs[0].name : from, Object.keys(node.inputs));
  return setInNode(text, to, ["inputs", name], reference, node.variants?.default);
}
