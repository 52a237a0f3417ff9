import { queryOptions } from "@tanstack/react-query";
import { json } from "../../api/client";
import type { Binding } from "./bindings";
import type { Model, Port } from "./pipeline";

export type Types = Record<string, string[]>;

/** Which types take which; the rule is the server's. */
export const types = (scope: string) =>
  queryOptions({
    queryKey: ["pipelinetypes", scope],
    queryFn: async ({ signal }) => (await json<{ value: Types }>(`${scope}/smalt/pipelines/types`, { signal })).value,
    staleTime: Infinity,
  });

/** The type of what a reference gives; undefined where nobody knows. */
export function typeOf(model: Model, binding: Binding): string | undefined {
  if (binding.of === "input") return model.inputs.find(({ name }) => name === binding.name)?.type;
  if (binding.of !== "stepOutput") return undefined;
  const step = model.steps.find(({ name }) => name === binding.step);
  return step?.outputs.find(({ name }) => name === binding.name)?.port?.type;
}

export function fits(known: Types | undefined, given: string | undefined, wanted: Port | undefined): boolean {
  const takers = known?.[(given ?? "").toLowerCase()];
  return (
    !takers || !wanted || takers.includes(wanted.type.toLowerCase()) || !(wanted.type.toLowerCase() in (known ?? {}))
  );
}
