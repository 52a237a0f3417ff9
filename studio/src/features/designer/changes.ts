/** What the designer does to a pipeline's text. Each change takes a text and gives one; nothing else is touched. */
import type { Document } from "yaml";
import { renamed, whole, written, type Binding } from "./bindings";
import type { Port } from "./pipeline";
import {
  copy,
  edited,
  isMapping,
  mapping,
  parse,
  plain,
  put,
  renameKey,
  rewrite,
  type Mapping,
  type Path,
  type Value,
} from "./yaml";

/** Where a change happens: the place of a pipeline in the document, and the document. */
interface Place {
  document: Document;
  level: Path;
}

type Side = "inputs" | "outputs";

const changed = (text: string, level: Path, change: (place: Place) => void): string =>
  edited(text, (document) => change({ document, level }));

const read = ({ document, level }: Place, ...path: Path): Value | undefined =>
  [...level, ...path].reduce<Value | undefined>(
    (here, key) => (isMapping(here) ? here[key] : undefined),
    plain(document),
  );

/** The first name of this stem that is not taken. */
export function freeName(stem: string, taken: Iterable<string>): string {
  const names = new Set(taken);
  const clean =
    stem
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, "_")
      .replace(/^_+|_+$/g, "") || "step";
  if (!names.has(clean)) return clean;
  let number = 2;
  while (names.has(`${clean}_${number}`)) number += 1;
  return `${clean}_${number}`;
}

/** A value anywhere in the pipeline; undefined takes it away. */
export const set = (text: string, level: Path, path: Path, value: Value | number | boolean | undefined): string =>
  changed(text, level, ({ document }) => put(document, [...level, ...path], value));

export function addStep(text: string, level: Path, name: string, step: Mapping): string {
  return changed(text, level, ({ document }) => put(document, [...level, "jobs", name], step));
}

/** A step goes, with the inputs of others that it gave. */
export function removeStep(text: string, level: Path, name: string): string {
  return changed(text, level, (place) => {
    put(place.document, [...level, "jobs", name], undefined);
    unbind(place, (binding) => "step" in binding && binding.step === name);
    for (const hook of ["on_init", "on_finalize"]) {
      if (read(place, "settings", hook) === name) put(place.document, [...level, "settings", hook], undefined);
    }
  });
}

export function renameStep(text: string, level: Path, old: string, name: string): string {
  return changed(text, level, (place) => {
    renameKey(place.document, [...level, "jobs", old], name);
    rewrite(place.document, [...level, "jobs"], (word) => renamed(word, `parent.jobs.${old}`, `parent.jobs.${name}`));
    for (const hook of ["on_init", "on_finalize"]) {
      if (read(place, "settings", hook) === old) put(place.document, [...level, "settings", hook], name);
    }
  });
}

/** Bind an input of a step; what else it says, such as its mode, stays. */
export function connect(text: string, level: Path, from: Binding, to: { step: string; input: string }): string {
  return changed(text, level, (place) => bind(place, ["jobs", to.step, "inputs", to.input], from));
}

export function disconnect(text: string, level: Path, step: string, input: string): string {
  return set(text, level, ["jobs", step, "inputs", input], undefined);
}

/** Let an output of a step be one of the pipeline. */
export function deliver(text: string, level: Path, from: { step: string; output: string }, name: string): string {
  return changed(text, level, (place) =>
    bind(place, ["jobs", from.step, "outputs", from.output], { of: "output", name }),
  );
}

export function withhold(text: string, level: Path, step: string, output: string): string {
  return changed(text, level, (place) => {
    const path = ["jobs", step, "outputs", output];
    const holder = isMapping(read(place, ...path)) ? [...path, "path"] : path;
    put(place.document, [...level, ...holder], undefined);
  });
}

/** Make an input of a step one of the pipeline, with the value it has. */
export function promoteInput(text: string, level: Path, step: string, input: string, port: Port | undefined): string {
  return changed(text, level, (place) => {
    const name = freeName(input, Object.keys(mapping(read(place, "inputs"))));
    const given = read(place, "jobs", step, "inputs", input);
    if (given === undefined) put(place.document, [...level, "inputs", name], initial(port));
    else copy(place.document, [...level, "jobs", step, "inputs", input], [...level, "inputs", name]);
    put(place.document, [...level, "jobs", step, "inputs", input], undefined);
    bind(place, ["jobs", step, "inputs", input], { of: "input", name });
  });
}

/** What the pipeline's input says before anybody gives it a value. */
function initial(port: Port | undefined): Value | number | boolean {
  const { type = "string", default: value } = port ?? {};
  if (value === undefined) return { type };
  if (typeof value !== "string" || type.toLowerCase() === "string") return value;
  if (type.toLowerCase() === "boolean") return value.toLowerCase() === "true";
  return numberOf(value);
}

/** What is a number as one; anything else as the text it is. */
export const numberOf = (text: string): number | string =>
  text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;

export function promoteOutput(text: string, level: Path, step: string, output: string, port: Port | undefined): string {
  return changed(text, level, (place) => {
    const name = freeName(output, Object.keys(mapping(read(place, "outputs"))));
    put(place.document, [...level, "outputs", name], {
      type: port?.type && port.type !== "any" ? port.type : "uri_folder",
    });
    bind(place, ["jobs", step, "outputs", output], { of: "output", name });
  });
}

export function addPort(text: string, level: Path, side: Side, name: string, type: string): string {
  return set(text, level, [side, name], { type });
}

export function renamePort(text: string, level: Path, side: Side, old: string, name: string): string {
  return changed(text, level, ({ document }) => {
    renameKey(document, [...level, side, old], name);
    rewrite(document, [...level, "jobs"], (word) => renamed(word, `parent.${side}.${old}`, `parent.${side}.${name}`));
  });
}

/** A port of the pipeline goes, with what was bound to it. */
export function removePort(text: string, level: Path, side: Side, name: string): string {
  return changed(text, level, (place) => {
    put(place.document, [...level, side, name], undefined);
    unbind(place, (binding) => binding.of === (side === "inputs" ? "input" : "output") && binding.name === name);
  });
}

function bind(place: Place, path: Path, binding: Binding): void {
  const old = read(place, ...path);
  const holder = isMapping(old) && !("value" in old) ? [...path, "path"] : path;
  put(place.document, [...place.level, ...holder], written(binding));
}

/** Take away what is nothing but a reference of this kind. */
function unbind(place: Place, fits: (binding: Binding) => boolean): void {
  for (const [name, step] of Object.entries(mapping(read(place, "jobs")))) {
    for (const side of ["inputs", "outputs"] as const) {
      for (const [key, value] of Object.entries(mapping(mapping(step)[side]))) {
        const word = isMapping(value) ? value.path : value;
        const binding = typeof word === "string" ? whole(word) : null;
        if (binding && fits(binding)) put(place.document, [...place.level, "jobs", name, side, key], undefined);
      }
    }
  }
}

/** What a step says. */
export const stepOf = (text: string, level: Path, step: string): Value | undefined =>
  read({ document: parse(text), level }, "jobs", step);
