/** What a file of code takes, read without running it: for offering inputs that a node may be given. */
import { pythonLanguage } from "@codemirror/lang-python";

export interface Taken {
  name: string;
  type: string;
  /** As it is written, where there is one. */
  default?: string;
}

/** The parameters of the tool in a Python file: the function that is marked, or else the only one. */
export function pythonParameters(text: string): Taken[] {
  const functions: { isTool: boolean; from: number; to: number }[] = [];
  const tree = pythonLanguage.parser.parse(text);
  for (let node = tree.topNode.firstChild; node; node = node.nextSibling) {
    const marks = node.name === "DecoratedStatement" ? node.getChildren("Decorator") : [];
    const found = node.name === "FunctionDefinition" ? node : node.getChild("FunctionDefinition");
    const list = found?.getChild("ParamList");
    if (list)
      functions.push({
        isTool: marks.some((mark) => /^@\s*tool\b/.test(text.slice(mark.from, mark.to))),
        ...span(list),
      });
  }
  const tool = functions.find(({ isTool }) => isTool) ?? (functions.length === 1 ? functions[0] : undefined);
  return tool ? parameters(text, tool.from, tool.to) : [];
}

const span = ({ from, to }: { from: number; to: number }) => ({ from, to });

function parameters(text: string, from: number, to: number): Taken[] {
  return divided(text.slice(from + 1, to - 1)).flatMap((part) => {
    const match = /^(\w+)\s*(?::\s*([\s\S]*?))?\s*(?:=\s*([\s\S]*))?$/.exec(part.trim());
    return match && match[1] !== "self" ? [{ name: match[1], type: match[2] ?? "", default: match[3]?.trim() }] : [];
  });
}

/** The parts between commas that stand in no bracket and no quotes. */
function divided(text: string): string[] {
  const parts = [""];
  let depth = 0;
  let quote = "";
  for (const letter of text.replace(/#.*$/gm, "")) {
    if (quote) quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if ("([{".includes(letter)) depth += 1;
    else if (")]}".includes(letter)) depth -= 1;
    if (letter === "," && depth === 0 && !quote) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

const BUILT_IN = new Set([
  "loop",
  "range",
  "true",
  "false",
  "none",
  "True",
  "False",
  "None",
  "not",
  "and",
  "or",
  "in",
  "is",
  "if",
  "else",
]);

/** The variables of a template that it does not make itself. */
export function templateVariables(text: string): Taken[] {
  const bare = text.replace(/\{#[\s\S]*?#\}/g, "");
  const own = new Set(
    [...bare.matchAll(/\{%-?\s*(?:for\s+([\w\s,]+?)\s+in|set\s+(\w+)|macro\s+(\w+))/g)].flatMap((match) =>
      (match[1] ?? match[2] ?? match[3]).split(",").map((name) => name.trim()),
    ),
  );
  const found = new Set<string>();
  for (const [, output, statement] of bare.matchAll(/\{\{-?([\s\S]*?)-?\}\}|\{%-?([\s\S]*?)-?%\}/g)) {
    const code = (output ?? statement.replace(/^\s*(?:for\s+[\w\s,]+?\s+in|if|elif|set\s+\w+\s*=|else|end\w+)\b/, ""))
      .replace(/"[^"]*"|'[^']*'/g, "")
      .replace(/\|\s*\w+/g, "");
    if (statement && !/^\s*(for|if|elif|set)\b/.test(statement)) continue;
    for (const [name] of code.matchAll(/(?<![.\w])[A-Za-z_]\w*(?!\w*\s*[=(])/g)) {
      if (!own.has(name) && !BUILT_IN.has(name)) found.add(name);
    }
  }
  return [...found].map((name) => ({ name, type: "" }));
}

export const takenBy = (path: string, text: string): Taken[] =>
  path.endsWith(".py") ? pythonParameters(text) : templateVariables(text);
