import { createElement, useMemo, type ReactNode } from "react";

/** Tags that show something and do nothing. */
const TAGS = new Set(
  (
    "a b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img " +
    "kbd li mark ol p pre progress s small span strong sub summary sup table tbody td tfoot th thead tr u ul"
  ).split(" "),
);
/** What is left out with everything in it. */
const SILENT = new Set([
  "script",
  "style",
  "template",
  "iframe",
  "object",
  "embed",
  "noscript",
  "math",
  "svg",
  "title",
]);
const NUMBERS = { colspan: "colSpan", rowspan: "rowSpan" } as const;
const EMPTY = new Set(["br", "hr", "img", "col"]);
/** What is seen without text. */
const SEEN = 'img[src^="data:image/"], progress, hr';
const DEEPEST = 100;

/**
 * HTML of somebody's code, made anew of a few harmless tags: no script, no style, no form, nothing from elsewhere.
 * Where nothing of it is left to be seen, `otherwise` is shown.
 */
export function SafeHtml({ html, otherwise }: { html: string; otherwise: ReactNode }) {
  const shown = useMemo(() => {
    // Styles would be refused by the page's policy, with a line in the console for each; they go before it is read.
    const bare = html.replace(/<style[\s\S]*?<\/style>/gi, "").replace(/\sstyle\s*=\s*("[^"]*"|'[^']*')/gi, "");
    const document = new DOMParser().parseFromString(bare, "text/html");
    for (const silent of document.querySelectorAll([...SILENT].join(","))) silent.remove();
    const isBlank = !document.body.textContent?.trim() && !document.body.querySelector(SEEN);
    return isBlank ? null : [...document.body.childNodes].map((node, at) => made(node, at, 0));
  }, [html]);
  if (!shown) return otherwise;
  return (
    <div className="output html" tabIndex={0}>
      {shown}
    </div>
  );
}

function made(node: Node, key: number, depth: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element) || depth > DEEPEST) return null;
  const tag = node.tagName.toLowerCase();
  const isOnlyText = ["table", "thead", "tbody", "tfoot", "tr", "colgroup"].includes(tag);
  const inner = EMPTY.has(tag)
    ? undefined
    : [...node.childNodes]
        .filter((each) => !isOnlyText || each instanceof Element)
        .map((each, at) => made(each, at, depth + 1));
  if (!TAGS.has(tag)) return createElement("span", { key }, inner);
  return createElement(tag, { key, ...attributes(node, tag) }, inner);
}

function attributes(node: Element, tag: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const title = node.getAttribute("title");
  if (title) found.title = title;
  for (const [name, property] of Object.entries(NUMBERS)) {
    const number = Number(node.getAttribute(name));
    if (Number.isInteger(number) && number > 1 && number < 1000) found[property] = number;
  }
  if (tag === "a") {
    const href = node.getAttribute("href") ?? "";
    if (/^https?:\/\//i.test(href)) Object.assign(found, { href, target: "_blank", rel: "noreferrer noopener" });
  }
  if (tag === "img") {
    const src = node.getAttribute("src") ?? "";
    found.alt = node.getAttribute("alt") ?? "";
    if (/^data:image\//i.test(src)) found.src = src;
  }
  if (tag === "progress") {
    found.value = Number(node.getAttribute("value")) || 0;
    found.max = Number(node.getAttribute("max")) || 1;
    found["aria-label"] = title ?? "progress";
  }
  return found;
}
