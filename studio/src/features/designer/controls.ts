import type { Message } from "../../app/i18n";
import type { Mapping } from "./yaml";

export type Control = "if_else" | "do_while" | "parallel_for";

interface ControlWords {
  title: Message;
  /** What the step says before anybody has filled it in. */
  first: Mapping;
  /** How often it is repeated at most, before anybody says otherwise. */
  most?: number;
}

/** Steps that decide about others: which of them run, and how often. */
export const CONTROLS: Record<Control, ControlWords> = {
  if_else: { title: "Branch", first: { type: "if_else" } },
  do_while: {
    title: "Repeat while",
    first: { type: "do_while" },
    most: 3,
  },
  parallel_for: { title: "For each", first: { type: "parallel_for", items: '[{"value": 1}, {"value": 2}]' } },
};
