/** A `flow.dag.yaml` read for the pages: what they draw and offer. What is wrong with it is told, not thrown. */
import { LineCounter, parseDocument } from "yaml";
import type { FlowInput, GraphProblem } from "../../api/flows";

export interface Source {
  type: string;
  path?: string;
  tool?: string;
}

export interface NodeBody {
  type: string;
  source: Source | null;
  inputs: Record<string, unknown>;
  connection: string | null;
  api: string | null;
  provider: string | null;
  aggregation: boolean;
  activate: { when: string; is: unknown } | null;
}

export interface Variants {
  default: string;
  names: string[];
  bodies: Record<string, NodeBody>;
}

/** A node with the body that runs: its own, or that of its default variant. */
export interface DagNode extends NodeBody {
  name: string;
  variants: Variants | null;
}

export interface DagOutput {
  name: string;
  type: string;
  reference: string;
  isChatOutput: boolean;
  evaluationOnly: boolean;
}

export interface Dag {
  inputs: FlowInput[];
  outputs: DagOutput[];
  nodes: DagNode[];
  problems: GraphProblem[];
}

/** As the server reads it: YAML 1.1. */
export const YAML_OPTIONS = { version: "1.1", prettyErrors: true, uniqueKeys: true } as const;

export const REFERENCE = /^\$\{(.+)\}$/;

type Document = { [key: string]: unknown };

const isDocument = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const document = (value: unknown): Document => (isDocument(value) ? value : {});
const word = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));

/** What a value refers to: a flow input, or the output of a node. */
export function referred(value: unknown): { input?: string; node?: string } | null {
  const inner = typeof value === "string" ? REFERENCE.exec(value.trim())?.[1] : undefined;
  if (inner === undefined) return null;
  const named = /^(?:inputs|flow)\.(.+)$/.exec(inner);
  if (named) return { input: named[1] };
  return { node: inner.split(/[.[]/)[0] };
}

/** Everything a node takes from elsewhere, by the name of what takes it. */
export function referencesOf(body: NodeBody): [string, string][] {
  const found = Object.entries(body.inputs).filter(([, value]) => referred(value) !== null);
  const when = body.activate?.when;
  const all: [string, unknown][] = referred(when) ? [...found, ["activate", when]] : found;
  return all.map(([name, value]) => [name, String(value).trim()]);
}

export function readDag(text: string, path: string): Dag {
  const lines = new LineCounter();
  const parsed = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
  const problems: GraphProblem[] = parsed.errors.map((error) => ({
    code: "InvalidYaml",
    message: error.message.split("\n")[0],
    path,
    line: lines.linePos(error.pos[0]).line,
  }));
  if (problems.length > 0) return { inputs: [], outputs: [], nodes: [], problems };
  const whole = document(parsed.toJS());
  const dag: Dag = {
    inputs: Object.entries(document(whole.inputs)).map(([name, value]) => inputOf(name, document(value))),
    outputs: Object.entries(document(whole.outputs)).map(([name, value]) => outputOf(name, document(value))),
    nodes: (Array.isArray(whole.nodes) ? whole.nodes : [])
      .filter(isDocument)
      .map((node) => nodeOf(node, document(document(whole.node_variants)[String(node.name)]))),
    problems,
  };
  dag.problems.push(...wrong(dag).map((problem) => ({ ...problem, path })));
  return dag;
}

const inputOf = (name: string, value: Document): FlowInput => ({
  name,
  type: word(value.type) ?? "string",
  default: value.default,
  isChatInput: value.is_chat_input === true,
  isChatHistory: value.is_chat_history === true || (name === "chat_history" && value.is_chat_history !== false),
});

const outputOf = (name: string, value: Document): DagOutput => ({
  name,
  type: word(value.type) ?? "string",
  reference: word(value.reference) ?? "",
  isChatOutput: value.is_chat_output === true,
  evaluationOnly: value.evaluation_only === true,
});

function bodyOf(value: Document): NodeBody {
  const source = isDocument(value.source) ? value.source : null;
  const activate = isDocument(value.activate) ? value.activate : null;
  return {
    type: word(value.type) ?? "",
    source: source && {
      type: word(source.type) ?? "code",
      path: word(source.path) ?? undefined,
      tool: word(source.tool) ?? undefined,
    },
    inputs: document(value.inputs),
    connection: word(value.connection),
    api: word(value.api),
    provider: word(value.provider),
    aggregation: value.aggregation === true || value.reduce === true,
    activate: activate && { when: word(activate.when) ?? "", is: activate.is },
  };
}

function nodeOf(value: Document, variants: Document): DagNode {
  const name = word(value.name) ?? "";
  const listed = document(variants.variants);
  const names = Object.keys(listed);
  if (value.use_variants !== true || names.length === 0) return { name, variants: null, ...bodyOf(value) };
  const bodies = Object.fromEntries(names.map((each) => [each, bodyOf(document(document(listed[each]).node))]));
  const chosen = word(variants.default_variant_id) ?? names[0];
  return { name, variants: { default: chosen, names, bodies }, ...(bodies[chosen] ?? bodyOf(value)) };
}

/** What is talked with: one chat input, a history, and one chat output or no outputs at all. */
export function chatOf(dag: Dag): { input: string; history: string; output: string | null } | null {
  const inputs = dag.inputs.filter((each) => each.isChatInput);
  const history = dag.inputs.find((each) => each.isChatHistory);
  const outputs = dag.outputs.filter((each) => each.isChatOutput);
  if (inputs.length !== 1 || !history || (outputs.length !== 1 && dag.outputs.length > 0)) return null;
  return { input: inputs[0].name, history: history.name, output: outputs[0]?.name ?? null };
}

export interface DagEdge {
  from: string;
  to: string;
}

/** From where to where values go. The ends of the flow are called `inputs` and `outputs`. */
export function edgesOf(dag: Dag): DagEdge[] {
  const known = new Set(dag.nodes.map(({ name }) => name));
  const inputs = new Set(dag.inputs.map(({ name }) => name));
  const found = new Map<string, DagEdge>();
  const add = (reference: unknown, to: string) => {
    const at = referred(reference);
    const from = at?.node !== undefined ? at.node : "inputs";
    if (!at || (at.node !== undefined ? !known.has(at.node) : !inputs.has(at.input ?? ""))) return;
    found.set(`${from}→${to}`, { from, to });
  };
  for (const node of dag.nodes) for (const [, reference] of referencesOf(node)) add(reference, node.name);
  for (const output of dag.outputs) add(output.reference, "outputs");
  return [...found.values()];
}

/** Nodes after those they need; null where they need one another in a circle. */
function inOrder(nodes: readonly DagNode[]): string[] | null {
  const needs = new Map(
    nodes.map((node) => [node.name, new Set(referencesOf(node).flatMap(([, value]) => referred(value)?.node ?? []))]),
  );
  const done: string[] = [];
  while (done.length < needs.size) {
    const next = [...needs].find(
      ([name, needed]) => !done.includes(name) && [...needed].every((each) => done.includes(each) || !needs.has(each)),
    );
    if (!next) return null;
    done.push(next[0]);
  }
  return done;
}

function wrong(dag: Dag): GraphProblem[] {
  const found: GraphProblem[] = [];
  const names = dag.nodes.map(({ name }) => name);
  const inputs = new Set(dag.inputs.map(({ name }) => name));
  const lost = (reference: unknown): string | null => {
    const at = referred(reference);
    if (at?.input !== undefined && !inputs.has(at.input)) return `The flow has no input '${at.input}'.`;
    if (at?.node !== undefined && !names.includes(at.node)) return `The flow has no node '${at.node}'.`;
    return null;
  };
  for (const [index, node] of dag.nodes.entries()) {
    if (!node.name) found.push({ code: "NodeNameMissing", message: `Node ${index + 1} has no name.` });
    else if (names.indexOf(node.name) !== index) {
      found.push({ code: "DuplicateNodeName", message: `Two nodes are called '${node.name}'.`, node: node.name });
    }
    for (const [, reference] of referencesOf(node)) {
      const message = lost(reference);
      if (message) found.push({ code: "NodeReferenceNotFound", message: `${reference}: ${message}`, node: node.name });
    }
  }
  for (const output of dag.outputs) {
    const message = output.reference ? lost(output.reference) : "It has no reference.";
    if (message) found.push({ code: "OutputReferenceNotFound", message: `Output '${output.name}': ${message}` });
  }
  if (new Set(names).size === names.length && inOrder(dag.nodes) === null) {
    found.push({ code: "NodeCircularDependency", message: "Some nodes need one another in a circle." });
  }
  return found;
}
