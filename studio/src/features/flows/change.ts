/** Changes of a `flow.dag.yaml`: from text to text. What a change does not touch keeps its place and its comments. */
import { isMap, isNode, isScalar, isSeq, parseDocument, visit, YAMLMap, type Document } from "yaml";
import { REFERENCE, YAML_OPTIONS } from "./dag";

type Step = string | number;

/** The text after a change; the text itself where it is no YAML that could be changed. */
export function changed(text: string, change: (flow: Document) => void): string {
  const flow: Document = parseDocument(text, YAML_OPTIONS);
  if (flow.errors.length > 0) return text;
  if (flow.contents === null) flow.contents = new YAMLMap(flow.schema);
  change(flow);
  return flow.toString({
    lineWidth: 0,
    indentSeq: !/^[\w-]+:[ \t]*(#.*)?\n-[ \t]/m.test(text),
    flowCollectionPadding: /[{[] \S/.test(text) || !/[{[]\S/.test(text),
    indent: /^( {4})\S/m.test(text) && !/^ {2}\S/m.test(text) ? 4 : 2,
  });
}

const at = (flow: Document, path: readonly Step[]): unknown => flow.getIn(path, true);

function place(flow: Document, node: string): number {
  const nodes = at(flow, ["nodes"]);
  if (!isSeq(nodes)) return -1;
  return nodes.items.findIndex((each) => isMap(each) && each.get("name") === node);
}

/** Where the body of a node stands, or of one of its variants. */
export function bodyPath(flow: Document, node: string, variant?: string): Step[] {
  return variant === undefined ? ["nodes", place(flow, node)] : ["node_variants", node, "variants", variant, "node"];
}

/** Set what stands at a path; mappings on the way are made where there are none. */
function set(flow: Document, path: readonly Step[], value: unknown): void {
  for (let depth = 1; depth < path.length; depth += 1) {
    const above = path.slice(0, depth);
    const found = at(flow, above);
    if (!isMap(found) && !isSeq(found)) flow.setIn(above, flow.createNode({}));
  }
  flow.setIn(path, isNode(value) ? value : flow.createNode(value));
}

/** Set a value, or take it away; a mapping that is left empty goes with it. */
function put(flow: Document, path: readonly Step[], value: unknown): void {
  if (value !== undefined) {
    const old = at(flow, path);
    // A scalar that stays one keeps its comment and, where it can, its quotes.
    if (isScalar(old) && (typeof value !== "object" || value === null)) old.value = value;
    else set(flow, path, value);
    return;
  }
  if (!flow.hasIn(path)) return;
  flow.deleteIn(path);
  const above = path.slice(0, -1);
  const left = at(flow, above);
  if (above.length > 2 && isMap(left) && left.items.length === 0) flow.deleteIn(above);
}

export const setInNode = (
  text: string,
  node: string,
  path: readonly Step[],
  value: unknown,
  variant?: string,
): string => changed(text, (flow) => put(flow, [...bodyPath(flow, node, variant), ...path], value));

/** Set something of a flow input or output: `setPort(text, "inputs", "question", "type", "string")`. */
export const setPort = (text: string, side: "inputs" | "outputs", name: string, key: string, value: unknown): string =>
  changed(text, (flow) => put(flow, [side, name, key], value));

export const addPort = (text: string, side: "inputs" | "outputs", name: string, port: object): string =>
  changed(text, (flow) => set(flow, [side, name], port));

export const removePort = (text: string, side: "inputs" | "outputs", name: string): string =>
  changed(text, (flow) => flow.deleteIn([side, name]));

export function renamePort(text: string, side: "inputs" | "outputs", from: string, to: string): string {
  return changed(text, (flow) => {
    renameKey(at(flow, [side]), from, to);
    if (side === "inputs")
      rewrite(flow, (inner) =>
        inner.replace(/^(inputs|flow)\.(.+)$/, (whole, head: string, name: string) =>
          name === from ? `${head}.${to}` : whole,
        ),
      );
  });
}

export function addNode(text: string, node: Record<string, unknown>): string {
  return changed(text, (flow) => {
    if (isSeq(at(flow, ["nodes"]))) flow.addIn(["nodes"], flow.createNode(node));
    else set(flow, ["nodes"], [node]);
  });
}

export function removeNode(text: string, node: string): string {
  return changed(text, (flow) => {
    flow.deleteIn(["nodes", place(flow, node)]);
    put(flow, ["node_variants", node], undefined);
    const left = at(flow, ["node_variants"]);
    if (isMap(left) && left.items.length === 0) flow.delete("node_variants");
  });
}

export function renameNode(text: string, from: string, to: string): string {
  return changed(text, (flow) => {
    put(flow, ["nodes", place(flow, from), "name"], to);
    renameKey(at(flow, ["node_variants"]), from, to);
    rewrite(flow, (inner) => {
      const head = inner.split(/[.[]/)[0];
      const isInput = /^(inputs|flow)\./.test(inner);
      return head === from && !isInput ? to + inner.slice(from.length) : inner;
    });
  });
}

/** Move a node among the others; in which order they run follows from what they need, not from this. */
export function moveNode(text: string, node: string, by: number): string {
  return changed(text, (flow) => {
    const nodes = at(flow, ["nodes"]);
    const index = place(flow, node);
    if (!isSeq(nodes) || index < 0) return;
    const [moved] = nodes.items.splice(index, 1);
    nodes.items.splice(Math.max(0, Math.min(index + by, nodes.items.length)), 0, moved);
  });
}

/** Add a variant that begins as a copy of another. A node without variants gets its first one of what it was. */
export function addVariant(text: string, node: string, name: string, like?: string): string {
  return changed(text, (flow) => {
    if (!flow.hasIn(["node_variants", node])) divide(flow, node);
    const from = like ?? String(flow.getIn(["node_variants", node, "default_variant_id"]));
    const body = at(flow, bodyPath(flow, node, from));
    set(flow, ["node_variants", node, "variants", name], { node: isMap(body) ? body.toJS(flow) : {} });
  });
}

/** What the node was becomes its first variant. */
function divide(flow: Document, node: string): void {
  const whole = at(flow, ["nodes", place(flow, node)]);
  if (!isMap(whole)) return;
  const body = new YAMLMap(flow.schema);
  body.items = whole.items.filter((pair) => String(pair.key) !== "name");
  whole.items = whole.items.filter((pair) => String(pair.key) === "name");
  whole.set("use_variants", true);
  set(flow, ["node_variants", node], { default_variant_id: FIRST, variants: { [FIRST]: { node: null } } });
  set(flow, ["node_variants", node, "variants", FIRST, "node"], body);
}

const FIRST = "variant_0";

/** Take a variant away. When one is left, the node becomes what that one is. */
export function removeVariant(text: string, node: string, name: string): string {
  return changed(text, (flow) => {
    flow.deleteIn(["node_variants", node, "variants", name]);
    const left = at(flow, ["node_variants", node, "variants"]);
    if (!isMap(left)) return;
    const names = left.items.map((pair) => String(pair.key));
    if (flow.getIn(["node_variants", node, "default_variant_id"]) === name) {
      flow.setIn(["node_variants", node, "default_variant_id"], names[0]);
    }
    if (names.length > 1) return;
    const body = at(flow, bodyPath(flow, node, names[0]));
    const whole = at(flow, ["nodes", place(flow, node)]);
    if (!isMap(body) || !isMap(whole)) return;
    whole.delete("use_variants");
    whole.items.push(...body.items);
    flow.deleteIn(["node_variants", node]);
    const others = at(flow, ["node_variants"]);
    if (isMap(others) && others.items.length === 0) flow.delete("node_variants");
  });
}

export const setDefaultVariant = (text: string, node: string, name: string): string =>
  changed(text, (flow) => put(flow, ["node_variants", node, "default_variant_id"], name));

function renameKey(map: unknown, from: string, to: string): void {
  if (!isMap(map)) return;
  const pair = map.items.find(({ key }) => String(key) === from);
  if (pair && isScalar(pair.key)) pair.key.value = to;
  else if (pair) pair.key = to;
}

/** Rewrite every reference: what stands between `${` and `}`. */
function rewrite(flow: Document, change: (inner: string) => string): void {
  visit(flow, {
    Scalar: (key, scalar) => {
      if (key === "key" || typeof scalar.value !== "string") return;
      const inner = REFERENCE.exec(scalar.value)?.[1];
      if (inner !== undefined) scalar.value = `\${${change(inner)}}`;
    },
  });
}

/** A value as people type it into a field: text, or JSON where it is something else. */
export function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value !== "string") return JSON.stringify(value);
  return typeof typed(value) === "string" && value.trim() === value && !/^"/.test(value)
    ? value
    : JSON.stringify(value);
}

/** What was typed: numbers, truth values, lists and objects as such; in quotes, text of any kind. */
export function typed(text: string): unknown {
  if (text === "") return undefined;
  if (REFERENCE.test(text)) return text;
  if (!/^(-?\d|[[{"]|true$|false$)/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
