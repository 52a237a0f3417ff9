/** Files somebody opens: pipelines, and the components beside them that their steps name. */
import { made, type Draft } from "./drafts";
import { filesBelow, hold, uploaded } from "./folders";
import {
  edited,
  flaw,
  graft,
  isMapping,
  mapping,
  mended,
  parse,
  plain,
  put,
  textOf,
  type Mapping,
  type Path,
  type Value,
} from "./yaml";

const MOST_CHARACTERS = 1_000_000;

/** Drafts of the pipelines among some files; the other YAML files stay with them. */
export async function opened(list: readonly File[]): Promise<Draft[]> {
  const named = list.filter(({ name }) => /\.ya?ml$/i.test(name));
  const read = await Promise.all(named.map(async (file) => [pathOf(file), mended(await file.text())] as const));
  const all = Object.fromEntries(read.filter(([, text]) => text.length <= MOST_CHARACTERS));
  return Object.entries(all)
    .filter(([, text]) => flaw(text) === null && isPipeline(plain(parse(text))))
    .map(([path, text]) => {
      const document = plain(parse(text));
      const draft = made({
        kind: isComponent(document) ? "component" : "job",
        name: textOf(document.display_name) ?? textOf(document.name) ?? path,
        text,
        path,
        files: needed(all, path),
      });
      hold(draft.id, new Map(list.map((file) => [pathOf(file), file])));
      return draft;
    });
}

const pathOf = (file: File): string => file.webkitRelativePath || file.name;

const isPipeline = (document: Mapping): boolean => isMapping(document.jobs) || textOf(document.type) === "pipeline";

export const isComponent = (document: Mapping): boolean => /pipelinecomponent/i.test(textOf(document.$schema) ?? "");

/** The files that a pipeline names, and those that they name. */
function needed(all: Record<string, string>, path: string): Record<string, string> {
  const found: Record<string, string> = {};
  const waiting = [path];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const [, name] of named(plain(parse(all[from])))) {
      const target = joined(from, name);
      if (target in found || !(target in all) || target === path || flaw(all[target]) !== null) continue;
      found[target] = all[target];
      waiting.push(target);
    }
  }
  return found;
}

/** Where a document names other YAML files, and how: components of steps, environments, their conda files. */
function* named(here: Mapping, path: Path = []): Generator<[place: Path, name: string]> {
  const { environment } = here;
  if (isFile(environment)) yield [[...path, "environment"], environment];
  const conda = mapping(environment).conda_file;
  if (isFile(conda)) yield [[...path, "environment", "conda_file"], conda];
  for (const [name, step] of Object.entries(mapping(here.jobs))) {
    if (!isMapping(step)) continue;
    const place = [...path, "jobs", name];
    for (const field of ["component", "trial"]) {
      const own = step[field];
      if (isFile(own)) yield [[...place, field], own];
      if (isMapping(own)) yield* named(own, [...place, field]);
    }
    yield* named(step, place);
  }
}

const isFile = (reference: Value | undefined): reference is string =>
  typeof reference === "string" && !reference.includes("\n") && /^(?:file:|\.{1,2}\/)|\.ya?ml$/i.test(reference);

function joined(from: string, name: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of name.replace(/^file:(?:\/\/)?/i, "").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

const MOST_FILES = 2000;

/** The text with the files it names written in place, as the server takes it, and the folders of code it names. */
function whole({ id, text, files, path }: Source, uploads?: ReadonlyMap<string, string>) {
  const folders = new Set<string>();
  const found = edited(text, (document) => {
    const waiting: [from: string, here: Mapping, at: Path][] = [[path, plain(document), []]];
    for (let count = 0; waiting.length > 0 && count < MOST_FILES; count += 1) {
      const [from, here, at] = waiting.pop()!;
      for (const [place, name] of codes(here, at)) {
        const folder = joined(from, name);
        if (filesBelow(id, folder).length === 0) continue;
        folders.add(folder);
        put(document, place, uploads?.get(folder));
      }
      for (const [place, name] of named(here, at)) {
        const target = joined(from, name);
        if (!(target in files)) continue;
        graft(document, place, files[target]);
        waiting.push([target, plain(parse(files[target])), place]);
      }
    }
  });
  return { text: found, folders };
}

export type Source = Pick<Draft, "id" | "text" | "files" | "path">;

/** The text as the server checks it: code that can be uploaded is left out. */
export const resolved = (source: Source): string => (isAlone(source) ? source.text : whole(source).text);

/** The text as it is submitted, with the code it names uploaded. */
export async function withUploads(scope: string, source: Source): Promise<string> {
  if (isAlone(source)) return source.text;
  const uploads = new Map<string, string>();
  for (const folder of whole(source).folders) uploads.set(folder, await uploaded(scope, source.id, folder));
  return whole(source, uploads).text;
}

/** Whether it names nothing that was opened along with it. */
const isAlone = ({ id, files }: Source): boolean => Object.keys(files).length === 0 && filesBelow(id, "").length <= 1;

/** Where a document names folders of code, and how. */
function* codes(here: Mapping, path: Path = []): Generator<[place: Path, name: string]> {
  const { code } = here;
  if (typeof code === "string" && /^(?:file:|\.|\/|[\w-]+(?:\/|$))/.test(code) && !code.startsWith("/subscriptions/")) {
    yield [[...path, "code"], code];
  }
  for (const [name, step] of Object.entries(mapping(here.jobs))) {
    if (!isMapping(step)) continue;
    const place = [...path, "jobs", name];
    for (const field of ["component", "trial"]) {
      const own = step[field];
      if (isMapping(own)) yield* codes(own, [...place, field]);
    }
    yield* codes(step, place);
  }
}
