import type { FlowType } from "../../api/flows";
import type { Message } from "../../app/i18n";

export const TYPES: Record<FlowType, Message> = { standard: "Standard", chat: "Chat", evaluation: "Evaluation" };
