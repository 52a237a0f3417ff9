/** YAML that is changed in places: what nobody touched keeps its words, its order and its comments. */
import {
  Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  visit,
  type Node,
  type ToStringOptions,
} from "yaml";

export type Path = readonly (string | number)[];
/** Scalars stay the text they were written as: what a word means is the server's business. */
export type Value = string | null | Value[] | { [key: string]: Value };
export type Mapping = { [key: string]: Value };

/** Words that would not be text if they stood without quotes. */
const NO_TEXT = /^(?:true|false|yes|no|on|off|y|n|null|~|[-+.]?\d.*|[-+]?\.(?:inf|nan))$/i;

export function parse(text: string): Document {
  // Without the types of YAML no number, date or truth value is written differently from how it was read.
  return parseDocument(text, { schema: "failsafe", customTags: ["null"], merge: true });
}

/** What is wrong with the text as YAML, in the words of the reader; null when nothing is. */
export function flaw(text: string): string | null {
  const document = parse(text);
  if (document.errors.length > 0) return document.errors[0].message;
  return document.contents !== null && isMap(document.contents) ? null : "";
}

const MOST_MENDED = 500;

/**
 * The text with the lines of quoted texts further right where they stand further left than YAML says. Azure's reader
 * takes them, and the values are the same.
 */
export function mended(text: string): string {
  let now = text;
  for (let count = 0; count < MOST_MENDED; count += 1) {
    const unclosed = parse(now).errors.find(({ message }) => /^Missing closing .quote/.test(message));
    const next = unclosed ? now.indexOf("\n", unclosed.pos[0]) + 1 : 0;
    if (!unclosed) return now;
    if (next === 0) return text;
    now = `${now.slice(0, next)}  ${now.slice(next)}`;
  }
  return text;
}

export function plain(document: Document): Mapping {
  const value = merged(document.toJS() as Value);
  return isMapping(value) ? value : {};
}

export const isMapping = (value: Value | undefined): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const mapping = (value: Value | undefined): Mapping => (isMapping(value) ? value : {});

export const textOf = (value: Value | undefined): string | undefined => (typeof value === "string" ? value : undefined);

/** `<<` keys in the place of what they bring. */
function merged(value: Value): Value {
  if (Array.isArray(value)) return value.map(merged);
  if (!isMapping(value)) return value;
  const { "<<": brought, ...own } = value;
  const sources = (Array.isArray(brought) ? brought : [brought]).filter((each) => isMapping(each)).map(merged);
  const whole = Object.assign({}, ...sources.toReversed(), own) as Mapping;
  return Object.fromEntries(Object.entries(whole).map(([key, item]) => [key, merged(item)]));
}

/** The text after a change to its document. */
export function edited(text: string, change: (document: Document) => void): string {
  const document = parse(text);
  change(document);
  return document.toString(styleOf(text));
}

/** How the text was laid out before. */
function styleOf(text: string): ToStringOptions {
  return {
    lineWidth: 0,
    flowCollectionPadding: /\{ \S/.test(text) || !/[{[]\S/.test(text),
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*\n\1- /m.test(text),
  };
}

/** Write a value; undefined takes it away, and what it leaves empty above it. */
export function put(document: Document, path: Path, value: Value | number | boolean | undefined): void {
  own(document, path);
  if (value !== undefined) {
    makeMaps(document, path);
    const old = document.getIn(path, true);
    const fresh = node(document, value);
    const above = document.getIn(path.slice(0, -1), true);
    // `jobs: {}` grows line by line.
    if (isMap(above) && above.items.length === 0) above.flow = false;
    if (isScalar(old) && isScalar(fresh)) {
      fresh.comment = old.comment;
      if (old.type !== Scalar.PLAIN && !(typeof value === "number" || typeof value === "boolean"))
        fresh.type = old.type;
    }
    document.setIn(path, fresh);
    return;
  }
  if (!document.hasIn(path)) return;
  document.deleteIn(path);
  for (let above = path.slice(0, -1); above.length > 1; above = above.slice(0, -1)) {
    const left = document.getIn(above, true);
    if (!isMap(left) || left.items.length > 0 || KEPT_EMPTY.has(String(above.at(-1)))) return;
    document.deleteIn(above);
  }
}

const KEPT_EMPTY = new Set(["jobs"]);

/** Every map on the way to a place, where there is nothing or nothing yet. */
function makeMaps(document: Document, path: Path): void {
  for (let length = 1; length < path.length; length += 1) {
    const above = path.slice(0, length);
    const found = document.getIn(above, true);
    if (isMap(found) || isSeq(found)) continue;
    document.setIn(above, document.createNode({}));
  }
}

/** Where the way to a place leads over an alias, a copy of what it stands for: only this place is to change. */
function own(document: Document, path: Path): void {
  for (let length = 1; length < path.length; length += 1) {
    const here = path.slice(0, length);
    const found = document.getIn(here, true);
    if (!isAlias(found)) continue;
    const copy = found.resolve(document)?.clone();
    if (isMap(copy) || isSeq(copy)) {
      copy.anchor = undefined;
      document.setIn(here, copy);
    }
  }
}

function node(document: Document, value: Value | number | boolean) {
  if (typeof value === "number" || typeof value === "boolean") {
    const scalar = new Scalar(String(value));
    scalar.type = Scalar.PLAIN;
    return scalar;
  }
  if (typeof value === "string") return written(value);
  return document.createNode(value);
}

function written(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = text.includes("\n") ? Scalar.BLOCK_LITERAL : NO_TEXT.test(text) ? Scalar.QUOTE_DOUBLE : Scalar.PLAIN;
  return scalar;
}

/** A part of a text as a text of its own, with its comments. */
export function partOf(text: string, path: Path): string {
  const found = parse(text).getIn(path, true);
  const part = new Document(undefined, { schema: "failsafe", customTags: ["null"] });
  part.contents = isNode(found) ? (found.clone() as Node as typeof part.contents) : null;
  return part.toString(styleOf(text));
}

/** Put what another text holds into a place, with its comments. */
export function graft(document: Document, path: Path, text: string): void {
  own(document, path);
  makeMaps(document, path);
  const { contents } = parse(text);
  if (isMap(contents)) contents.delete("$schema");
  document.setIn(path, contents);
}

/** Let a value stand in another place as well, as it is written. */
export function copy(document: Document, from: Path, to: Path): void {
  const found = document.getIn(from, true);
  makeMaps(document, to);
  if (isNode(found)) document.setIn(to, found.clone());
}

/** Every text in a document, changed in its place. */
export function rewrite(document: Document, path: Path, change: (text: string) => string): void {
  const found = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isNode(found)) return;
  visit(found, {
    Scalar: (key, scalar) => {
      if (key !== "key" && typeof scalar.value === "string") scalar.value = change(scalar.value);
    },
  });
}

/** Another name for a key, in its place. */
export function renameKey(document: Document, path: Path, name: string): void {
  own(document, path);
  const map = document.getIn(path.slice(0, -1), true);
  if (!isMap(map)) return;
  const pair = map.items.find((each) => String(isScalar(each.key) ? each.key.value : each.key) === path.at(-1));
  if (pair) pair.key = written(name);
}
