import type { FlowType } from "../../api/flows";
import type { Message } from "../../app/i18n";

/** A variant as people write it: `node.variant` of `${node.variant}`. */
export const variantName = (variant: string | null): string => variant?.replace(/^\$\{(.+)\}$/, "$1") ?? "";

export const TYPES: Record<FlowType, Message> = { standard: "Standard", chat: "Chat", evaluation: "Evaluation" };
