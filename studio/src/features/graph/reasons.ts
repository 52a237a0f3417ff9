/** Why a step ran or was taken over. The server says it in English; what is known here is said in the reader's words. */
import type { Message, Translate } from "../../app/i18n";

const REASONS: readonly [RegExp, Message][] = [
  [/^it has not run before$/, "It has not run before."],
  [/^a pipeline decides for each of its own steps$/, "A pipeline decides for each of its own steps."],
  [/^taken over from (?<job>\S+), which had done it$/, "Taken over from {job}, which had done it."],
  [/^tried again after a failure$/, "Tried again after a failure."],
  [
    /^same component, code, environment, inputs and settings as (?<job>\S+)$/,
    "The same component, code, environment, inputs and settings as {job}.",
  ],
  [/^the pipeline is set to force_rerun$/, "The pipeline is set to run every step."],
  [/^the component is not deterministic$/, "The component is not deterministic."],
  [/^the result of (?<job>\S+) was invalidated$/, "The result of {job} was invalidated."],
  [/^the outputs of (?<job>\S+) are gone$/, "The outputs of {job} are gone."],
  [/^compared with (?<job>\S+): (?<what>.+)$/s, "Compared with {job}: {what}"],
];

export function reasonOf(reason: string | null, t: Translate): string | null {
  if (reason === null) return null;
  for (const [pattern, message] of REASONS) {
    const found = pattern.exec(reason);
    if (found) return t(message, found.groups);
  }
  return reason;
}
