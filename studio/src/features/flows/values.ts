/** Values of flows as people type and read them. */

/** What was typed, as a flow input of a type takes it. What is no JSON stays text; the flow says what it thinks of it. */
export function valueOf(type: string, text: string): unknown {
  if (type === "string") return text;
  if (type === "image") return imageOf(text);
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export const isOfText = (type: string): boolean => type === "string" || type === "image";

/** A value in a field: text as it is, everything else as JSON. */
export function textOfValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const DATA_URL = /^data:(image\/[\w.+-]+);base64,(.+)$/s;

/** An image in the form in which flows take it. */
export function imageOf(text: string): unknown {
  const data = DATA_URL.exec(text);
  if (data) return { [`data:${data[1]};base64`]: data[2] };
  return /^https?:/.test(text) ? { "data:image/png;url": text } : text;
}

const PART = /^data:(image\/[\w.+-]+);(base64|url|path)$/;

/** The address at which a browser shows an image of a flow; null for what is none. */
export function addressOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const [entry, ...more] = Object.entries(value);
  const part = entry && PART.exec(entry[0]);
  if (part && more.length === 0 && typeof entry[1] === "string" && part[2] === "base64") {
    return `data:${part[1]};base64,${entry[1]}`;
  }
  const linked = (value as { image_url?: { url?: unknown } }).image_url?.url;
  return typeof linked === "string" && DATA_URL.test(linked) ? linked : null;
}
