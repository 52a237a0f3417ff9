/** References between steps: `${{parent.inputs.x}}`, `${{parent.jobs.a.outputs.y}}`. */
import type { Value } from "./yaml";

export type Binding =
  | { of: "input"; name: string }
  | { of: "output"; name: string }
  | { of: "step"; step: string }
  | { of: "stepOutput"; step: string; name: string }
  | { of: "stepInput"; step: string; name: string };

const EXPRESSION = /\$\{\{([^{}]+)\}\}/g;
const WHOLE = /^\$\{\{([^{}]+)\}\}$/;

function named(text: string): Binding | null {
  const [parent, place, name, side, ...rest] = text.trim().split(".");
  if (parent !== "parent" || !name) return null;
  if (place === "inputs" || place === "outputs") {
    return { of: place === "inputs" ? "input" : "output", name: [name, side, ...rest].filter(Boolean).join(".") };
  }
  if (place !== "jobs") return null;
  if (!side) return { of: "step", step: name };
  if (side === "outputs" && rest.length > 0) return { of: "stepOutput", step: name, name: rest.join(".") };
  if (side === "inputs" && rest.length > 0) return { of: "stepInput", step: name, name: rest.join(".") };
  return null;
}

/** The reference that a text is and nothing else. */
export function whole(text: string | undefined): Binding | null {
  const found = text === undefined ? null : WHOLE.exec(text.trim());
  return found ? named(found[1]) : null;
}

/** Every reference anywhere in a value. */
export function within(value: Value | undefined): Binding[] {
  if (typeof value === "string") {
    return [...value.matchAll(EXPRESSION)].map((each) => named(each[1])).filter((each) => each !== null);
  }
  if (Array.isArray(value)) return value.flatMap(within);
  return value ? Object.values(value).flatMap(within) : [];
}

export function written(binding: Binding): string {
  switch (binding.of) {
    case "input":
      return `\${{parent.inputs.${binding.name}}}`;
    case "output":
      return `\${{parent.outputs.${binding.name}}}`;
    case "step":
      return `\${{parent.jobs.${binding.step}}}`;
    case "stepOutput":
      return `\${{parent.jobs.${binding.step}.outputs.${binding.name}}}`;
    case "stepInput":
      return `\${{parent.jobs.${binding.step}.inputs.${binding.name}}}`;
  }
}

/** A text with a part of its references called otherwise, such as `parent.jobs.old`. */
export function renamed(text: string, old: string, fresh: string): string {
  return text.replace(EXPRESSION, (expression, name: string) => {
    const inner = name.trim();
    if (inner !== old && !inner.startsWith(`${old}.`)) return expression;
    return expression.replace(inner, fresh + inner.slice(old.length));
  });
}
