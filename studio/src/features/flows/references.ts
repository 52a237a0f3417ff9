/** What can be referred to in a flow, for completion. */
import { referencesOf, referred, type Dag } from "./dag";

/** Flow inputs and outputs of nodes; for a node, of those only that do not need it. */
export function referencesFor(dag: Dag, node?: string): string[] {
  const later = node === undefined ? new Set<string>() : after(dag, node);
  return [
    ...dag.inputs.map(({ name }) => `\${inputs.${name}}`),
    ...dag.nodes.filter(({ name }) => name !== node && !later.has(name)).map(({ name }) => `\${${name}.output}`),
  ];
}

/** The nodes that need a node, directly or through others. */
function after(dag: Dag, node: string): Set<string> {
  const found = new Set<string>();
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const each of dag.nodes) {
      const needs = referencesOf(each).some(([, value]) => referred(value)?.node === next);
      if (!needs || found.has(each.name)) continue;
      found.add(each.name);
      waiting.push(each.name);
    }
  }
  return found;
}

/** A name like this one that is not taken yet. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let number = 2;
  while (taken.includes(`${wanted}_${number}`)) number += 1;
  return `${wanted}_${number}`;
}

export const isName = (name: string): boolean => /^[A-Za-z_][\w-]*$/.test(name) && !["inputs", "flow"].includes(name);
