/** What of a flow is talked with, and how it is told what was said before. */
import type { FlowInput } from "../../api/flows";
import { chatOf, type Dag } from "./dag";

export interface Chat {
  input: string;
  /** Where what was said before is given; none when it is not asked for. */
  history: string | null;
  /** The output that is the answer; none when it is whatever comes. */
  output: string | null;
}

/** A turn that was answered. */
export interface Said {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

const HISTORY = "chat_history";
const QUESTIONS = ["question", "query", "chat_input", "input", "message", "text", "topic"];

/** A graph says what is talked with; functions and prompties are known by the names of their inputs. */
export function talkOf(dag: Dag | null, inputs: readonly FlowInput[]): Chat | null {
  if (dag) return chatOf(dag);
  const names = inputs.map(({ name }) => name);
  const input = QUESTIONS.find((each) => names.includes(each)) ?? names.find((name) => name !== HISTORY);
  return input === undefined ? null : { input, history: names.includes(HISTORY) ? HISTORY : null, output: null };
}

/** What was said, as graphs take it, or as models do: a message after the other. */
export function historyOf(dag: Dag | null, chat: Chat, turns: readonly Said[]): unknown[] {
  if (dag) return turns.map(({ inputs, outputs }) => ({ inputs, outputs }));
  return turns.flatMap(({ inputs, outputs }) => [
    { role: "user", content: inputs[chat.input] },
    { role: "assistant", content: answerOf(chat, outputs) },
  ]);
}

/** The answer among the outputs: the one that is meant, or the only one. */
export function answerOf(chat: Chat, outputs: Record<string, unknown>): unknown {
  if (chat.output) return outputs[chat.output];
  const all = Object.values(outputs);
  return all.length === 1 ? all[0] : outputs;
}
