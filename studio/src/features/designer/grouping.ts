/** Steps that become one: a pipeline component, written in place, with what goes in and what comes out of it. */
import type { Document } from "yaml";
import type { Message } from "../../app/i18n";
import { renamed, within, written, type Binding } from "./bindings";
import { isControl, type Model, type StepModel } from "./pipeline";
import { copy, edited, isMapping, mapping, put, rewrite, textOf, type Path, type Value } from "./yaml";

interface Port {
  /** Its name outside, as it stands in a reference. */
  outer: string;
  name: string;
  type: string;
}

/** Why these steps cannot become one; null when they can. */
export function refusal(model: Model, names: readonly string[], settings: Value | undefined): Message | null {
  const chosen = new Set(names);
  const steps = model.steps.filter(({ name }) => chosen.has(name));
  const others = model.steps.filter(({ name }) => !chosen.has(name));
  const isMeant = (step: StepModel) =>
    within(step.document).some((each) => each.of === "step" && chosen.has(each.step));
  if (steps.some(isControl) || others.some((step) => isControl(step) && isMeant(step))) {
    return "Branches and loops, and the steps that they decide about, cannot be grouped.";
  }
  const hooks = Object.values(mapping(settings)).filter((each) => typeof each === "string");
  if (hooks.some((each) => chosen.has(each))) return "A step that runs first or last of all cannot be grouped.";
  const writesElsewhere = ({ document }: StepModel) =>
    Object.values(mapping(document.outputs)).some((each) => {
      const path = isMapping(each) ? textOf(each.path) : undefined;
      return path !== undefined && within(path).length === 0;
    });
  if (steps.some(writesElsewhere)) return "A step that writes to a place of its own cannot be grouped.";
  return comesBack(model, chosen) ? "A step between them is not among them: choose it as well." : null;
}

/** Whether a way leads out of the chosen steps and back into them. */
function comesBack({ links }: Model, chosen: ReadonlySet<string>): boolean {
  const waiting = links.filter(({ source, target }) => chosen.has(source) && !chosen.has(target)).map((l) => l.target);
  const seen = new Set<string>();
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (chosen.has(at)) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    waiting.push(...links.filter(({ source }) => source === at).map(({ target }) => target));
  }
  return false;
}

/** The text with these steps as one step of this name. */
export function grouped(text: string, level: Path, model: Model, names: readonly string[], group: string): string {
  const chosen = new Set(names);
  const steps = model.steps.filter(({ name }) => chosen.has(name));
  const inputs = inputsOf(model, steps, chosen);
  const outputs = outputsOf(model, steps, chosen);
  return edited(text, (document) => {
    const whole = [...level, "jobs", group];
    const inner = [...whole, "component"];
    put(document, [...whole, "type"], "pipeline");
    for (const { outer, name } of inputs) put(document, [...whole, "inputs", name], `\${{${outer}}}`);
    for (const { name, isDelivered } of outputs) {
      if (isDelivered) put(document, [...whole, "outputs", name], written({ of: "output", name }));
    }
    put(document, [...inner, "type"], "pipeline");
    for (const { name, type } of inputs) put(document, [...inner, "inputs", name], { type });
    for (const { name, type } of outputs) put(document, [...inner, "outputs", name], { type });
    for (const { name } of steps) {
      copy(document, [...level, "jobs", name], [...inner, "jobs", name]);
      put(document, [...level, "jobs", name], undefined);
    }
    for (const step of steps) takeIn(document, [...inner, "jobs", step.name], inputs);
    for (const { name, step, output } of outputs) {
      deliver(document, [...inner, "jobs", step, "outputs", output], { of: "output", name });
    }
    for (const other of model.steps) {
      if (!chosen.has(other.name)) handOn(document, [...level, "jobs", other.name], other, outputs, group);
    }
  });
}

/** What the steps take from outside, once each. */
function inputsOf(model: Model, steps: readonly StepModel[], chosen: ReadonlySet<string>): Port[] {
  const found: Port[] = [];
  const add = (binding: Binding, wished: string, type: string) => {
    const outer = written(binding).slice(3, -2);
    if (found.some((each) => each.outer === outer)) return;
    found.push({ outer, name: unused(wished, new Set(found.map(({ name }) => name))), type });
  };
  const asked = steps.flatMap((step) =>
    Object.entries(mapping(step.document.inputs)).flatMap(([key, value]) =>
      within(value).map((binding) => ({ binding, port: step.inputs.find(({ name }) => name === key)?.port })),
    ),
  );
  // Those of the pipeline keep their names, so they come first.
  for (const { binding, port } of asked) {
    if (binding.of !== "input") continue;
    const own = model.inputs.find(({ name }) => name === binding.name)?.type;
    add(binding, binding.name, (own === "literal" ? undefined : own) ?? port?.type ?? "string");
  }
  for (const { binding, port } of asked) {
    if (binding.of !== "stepOutput" || chosen.has(binding.step)) continue;
    const given = model.steps.find(({ name }) => name === binding.step)?.outputs;
    const type = given?.find(({ name }) => name === binding.name)?.port?.type ?? port?.type;
    add(binding, `${binding.step}_${binding.name}`, type ?? "uri_folder");
  }
  return found;
}

interface OutputPort extends Port {
  step: string;
  output: string;
  /** Whether it is an output of the pipeline as well. */
  isDelivered: boolean;
}

/** What others, or the pipeline itself, take of the steps. */
function outputsOf(model: Model, steps: readonly StepModel[], chosen: ReadonlySet<string>): OutputPort[] {
  const others = model.steps.filter(({ name }) => !chosen.has(name));
  const taken = others.flatMap(({ document }) => within(document)).map(written);
  const found: OutputPort[] = [];
  for (const step of steps) {
    for (const { name: output, binding, port } of step.outputs) {
      const outer = written({ of: "stepOutput", step: step.name, name: output });
      const isDelivered = binding?.of === "output";
      if (!isDelivered && !taken.includes(outer)) continue;
      const name = isDelivered
        ? binding.name
        : unused(`${step.name}_${output}`, new Set([...model.outputs, ...found].map((each) => each.name)));
      const type = port?.type && port.type !== "any" ? port.type : "uri_folder";
      found.push({ outer: outer.slice(3, -2), name, type, step: step.name, output, isDelivered });
    }
  }
  return found;
}

function takeIn(document: Document, step: Path, inputs: readonly Port[]): void {
  rewrite(document, [...step, "inputs"], (word) =>
    inputs.reduce((now, { outer, name }) => renamed(now, outer, `parent.inputs.${name}`), word),
  );
}

function deliver(document: Document, place: Path, binding: Binding): void {
  const old = document.getIn(place);
  const isMap = typeof old === "object" && old !== null;
  put(document, isMap ? [...place, "path"] : place, written(binding));
}

/** Let a step that stays take from the group what it took from its steps. What stands inside of it is its own affair. */
function handOn(
  document: Document,
  place: Path,
  { document: step }: StepModel,
  outputs: readonly OutputPort[],
  group: string,
): void {
  for (const key of Object.keys(step)) {
    if (key === "jobs" || key === "component") continue;
    rewrite(document, [...place, key], (word) =>
      outputs.reduce((now, { outer, name }) => renamed(now, outer, `parent.jobs.${group}.outputs.${name}`), word),
    );
  }
}

function unused(wished: string, taken: ReadonlySet<string>): string {
  let found = wished;
  for (let number = 2; taken.has(found); number += 1) found = `${wished}_${number}`;
  return found;
}
