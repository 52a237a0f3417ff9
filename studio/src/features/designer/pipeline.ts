/** What a pipeline's text says, for drawing: steps, their ports, and what is bound to what. */
import { whole, within, type Binding } from "./bindings";
import { isMapping, mapping, textOf, type Mapping, type Path, type Value } from "./yaml";

/** A port as the server describes it. */
export interface Port {
  type: string;
  optional?: boolean;
  default?: string | number | boolean;
  description?: string;
  min?: string | number;
  max?: string | number;
  enum?: (string | number | boolean)[];
}

export interface StepPorts {
  component: {
    id: string | null;
    name: string;
    version: string;
    type: string;
    displayName: string | null;
    description: string | null;
  } | null;
  inputs: Record<string, Port>;
  outputs: Record<string, Port>;
  steps: Record<string, StepPorts>;
}

export interface StepInput {
  name: string;
  /** The value or path as it is written. */
  text?: string;
  binding: Binding | null;
  port?: Port;
}

export interface StepOutput {
  name: string;
  binding: Binding | null;
  port?: Port;
}

export interface StepModel {
  name: string;
  type: string;
  title: string;
  /** The component as it is written: a reference, or a file. */
  component?: string;
  known?: StepPorts;
  inputs: StepInput[];
  outputs: StepOutput[];
  /** Whether other steps are written inside it. */
  isNested: boolean;
  document: Mapping;
}

export interface Link {
  id: string;
  source: string;
  sourcePort?: string;
  target: string;
  targetPort?: string;
  /** What is said beside the line. */
  label?: string;
  /** Whether it can be taken away by itself. */
  isBinding: boolean;
}

export interface PipelinePort {
  name: string;
  type: string;
  text?: string;
  document: Value;
}

export interface Model {
  inputs: PipelinePort[];
  outputs: PipelinePort[];
  steps: StepModel[];
  links: Link[];
}

const CONTROL = new Set(["if_else", "do_while", "parallel_for"]);

export const isControl = (step: StepModel): boolean => CONTROL.has(step.type);

/** The node of a port of the pipeline itself; the colon keeps it apart from names of steps. */
export const inputNode = (name: string): string => `in:${name}`;
export const outputNode = (name: string): string => `out:${name}`;

/** The place in the document of the pipeline that is written in these steps; undefined where there is none. */
export function placeOf(document: Mapping, way: readonly string[]): Path | undefined {
  let here: Mapping = document;
  const path: string[] = [];
  for (const name of way) {
    const step = mapping(here.jobs)[name];
    if (!isMapping(step)) return undefined;
    path.push("jobs", name);
    here = step;
    if (!isMapping(here.jobs) && isMapping(here.component)) {
      path.push("component");
      here = here.component;
    }
    if (!isMapping(here.jobs)) return undefined;
  }
  return path;
}

export const at = (document: Mapping, path: Path): Value | undefined =>
  path.reduce<Value | undefined>(
    (here, key) => (isMapping(here) ? here[key] : Array.isArray(here) ? here[Number(key)] : undefined),
    document,
  );

export function read(level: Mapping, known: Record<string, StepPorts>): Model {
  const jobs = mapping(level.jobs);
  const steps = Object.entries(jobs).map(([name, step]) =>
    stepOf(name, mapping(step), Object.hasOwn(known, name) ? known[name] : undefined),
  );
  const names = new Set(steps.map(({ name }) => name));
  addUsed(steps);
  return {
    inputs: Object.entries(mapping(level.inputs)).map(([name, value]) => pipelinePort(name, value, "literal")),
    outputs: Object.entries(mapping(level.outputs)).map(([name, value]) => pipelinePort(name, value, "uri_folder")),
    steps,
    links: steps.flatMap((step) => linksOf(step)).filter((link) => isThere(link, names, level)),
  };
}

function pipelinePort(name: string, value: Value, otherwise: string): PipelinePort {
  if (!isMapping(value)) return { name, type: otherwise, text: textOf(value), document: value };
  const text = textOf(value.path) ?? textOf(value.value) ?? textOf(value.default);
  return { name, type: textOf(value.type) ?? (value.path ? "uri_folder" : otherwise), text, document: value };
}

function stepOf(name: string, document: Mapping, known: StepPorts | undefined): StepModel {
  const type = kindOf(document);
  const own = mapping(document.component ?? document.trial);
  const inputs = { ...declared(own.inputs), ...known?.inputs };
  const outputs = { ...declared(own.outputs), ...known?.outputs };
  const given = mapping(document.inputs);
  const searched = mapping(document.search_space);
  const written = mapping(document.outputs);
  return {
    name,
    type,
    title: textOf(document.display_name) ?? name,
    component: textOf(document.component) ?? textOf(document.trial),
    known,
    inputs: [...new Set([...Object.keys(inputs), ...Object.keys(given)])].map((key) => {
      const text = wordOf(given[key]);
      // A sweep gives what it searches by itself.
      const port = key in searched && inputs[key] ? { ...inputs[key], optional: true } : inputs[key];
      return { name: key, text, binding: whole(text), port };
    }),
    outputs: [...new Set([...Object.keys(outputs), ...Object.keys(written)])].map((key) => {
      const item = written[key];
      const binding = whole(isMapping(item) ? textOf(item.path) : textOf(item));
      return { name: key, binding, port: outputs[key] ?? typed(item) };
    }),
    isNested: isMapping(document.jobs) || isMapping(own.jobs),
    document,
  };
}

function kindOf(document: Mapping): string {
  const type = textOf(document.type);
  if (type) return type.toLowerCase();
  return "trial" in document ? "sweep" : "jobs" in document ? "pipeline" : "command";
}

/** The ports that a component written in place declares. */
function declared(ports: Value | undefined): Record<string, Port> {
  return Object.fromEntries(
    Object.entries(mapping(ports)).map(([name, port]) => [name, typed(port) ?? { type: "uri_folder" }]),
  );
}

function typed(value: Value | undefined): Port | undefined {
  const type = isMapping(value) ? textOf(value.type) : undefined;
  if (type === undefined || !isMapping(value)) return undefined;
  return { type, optional: value.optional === "true", default: textOf(value.default) };
}

/** What an input is given, as one word. */
export function wordOf(value: Value | undefined): string | undefined {
  if (!isMapping(value)) return Array.isArray(value) ? JSON.stringify(value) : textOf(value);
  return textOf(value.path) ?? textOf(value.value) ?? textOf(value.default);
}

/** Outputs that others take although the step does not say it has them: its component is not known here. */
function addUsed(steps: StepModel[]): void {
  const byName = new Map(steps.map((step) => [step.name, step]));
  for (const binding of steps.flatMap((step) => within(step.document))) {
    if (binding.of !== "stepOutput") continue;
    const step = byName.get(binding.step);
    if (step && !step.outputs.some(({ name }) => name === binding.name)) {
      step.outputs.push({ name: binding.name, binding: null });
    }
  }
}

function linksOf(step: StepModel): Link[] {
  const found = new Map<string, Link>();
  const add = (link: Omit<Link, "id">) => {
    const id = [link.source, link.sourcePort ?? "", link.target, link.targetPort ?? "", link.label ?? ""].join("→");
    found.set(id, { id, ...link });
  };
  for (const input of step.inputs) {
    if (input.binding) add({ ...sourceOf(input.binding), target: step.name, targetPort: input.name, isBinding: true });
    else
      for (const binding of within(step.document.inputs && mapping(step.document.inputs)[input.name])) {
        add({ ...sourceOf(binding), target: step.name, targetPort: input.name, isBinding: false });
      }
  }
  for (const output of step.outputs) {
    if (output.binding?.of === "output") {
      add({ source: step.name, sourcePort: output.name, target: outputNode(output.binding.name), isBinding: true });
    }
  }
  const said = new Set(["inputs", "outputs"]);
  if (isControl(step)) {
    for (const [key, label] of [
      ["true_block", "true"],
      ["false_block", "false"],
      ["body", "body"],
    ] as const) {
      said.add(key);
      for (const binding of within(step.document[key])) {
        if (binding.of === "step") add({ source: step.name, target: binding.step, label, isBinding: false });
      }
    }
    if (step.type === "do_while") for (const key of ["condition", "mapping"]) said.add(key);
  }
  for (const [key, value] of Object.entries(step.document)) {
    if (said.has(key) || key === "jobs" || key === "component") continue;
    for (const binding of within(value)) add({ ...sourceOf(binding), target: step.name, label: key, isBinding: false });
  }
  return [...found.values()].filter((link) => link.source !== link.target);
}

function sourceOf(binding: Binding): Pick<Link, "source" | "sourcePort"> {
  switch (binding.of) {
    case "input":
      return { source: inputNode(binding.name) };
    case "output":
      return { source: outputNode(binding.name) };
    case "stepOutput":
      return { source: binding.step, sourcePort: binding.name };
    default:
      return { source: binding.step };
  }
}

function isThere({ source, target }: Link, steps: Set<string>, level: Mapping): boolean {
  return [source, target].every((node) => {
    if (node.startsWith("in:")) return node.slice(3) in mapping(level.inputs);
    if (node.startsWith("out:")) return node.slice(4) in mapping(level.outputs);
    return steps.has(node);
  });
}
