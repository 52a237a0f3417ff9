import { jinja } from "@codemirror/lang-jinja";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";
import { useEffect, useRef } from "react";
import { useTheme } from "../app/theme";
import { usePhrases } from "./usePhrases";

interface Props {
  text: string;
  /** The name of the file, by whose ending it is coloured. */
  name: string;
  label: string;
  onChange?: (text: string) => void;
  /** More for the editor, which comes first. It must stay the same array. */
  extensions?: readonly Extension[];
  /** Told of the editor once it is there. */
  onReady?: (view: EditorView) => void;
}

const LANGUAGES = {
  py: python,
  json,
  yml: yaml,
  yaml,
  ipynb: json,
  jinja2: jinja,
  jinja,
  j2: jinja,
  prompty: jinja,
} as const;

/** The colours of a file, by its ending. */
export function languageOf(name: string) {
  const language = LANGUAGES[name.split(".").at(-1) as keyof typeof LANGUAGES];
  return language ? [language()] : [];
}

/** Colours that are readable on the ground of either theme. */
const highlights = (keyword: string, text: string, value: string, comment: string) =>
  HighlightStyle.define([
    { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: keyword },
    { tag: [tags.string, tags.special(tags.string)], color: text },
    { tag: [tags.number, tags.bool, tags.null, tags.propertyName, tags.definition(tags.propertyName)], color: value },
    { tag: tags.comment, color: comment, fontStyle: "italic" },
  ]);
/** Where a browser types over lines itself, it keeps their look in an inline style, which the page's policy refuses. */
export const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || !text || empty || event.isComposing) return false;
    const insert = () =>
      view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** The line of the cursor is tinted so little that the colours stay readable on it. */
const look = (tint: string) => ({
  "&": { fontSize: "13px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: tint },
});
export const LOOK = { light: look("#0000000a"), dark: look("#ffffff0f") };
export const COLORS = {
  light: highlights("#5c2e91", "#8a1c1c", "#0b4f8a", "#565656"),
  dark: highlights("#cdb0f7", "#f3b09a", "#9fcdf5", "#b8b8b8"),
};

export const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";

/** Text with colours; it can be changed where somebody listens. */
export default function Code({ text, name, label, onChange, extensions, onReady }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { shown } = useTheme();
  const phrases = usePhrases();
  const listener = useRef(onChange);
  listener.current = onChange;
  const ready = useRef(onReady);
  ready.current = onReady;
  const isEditable = onChange !== undefined;
  const editor = useRef<EditorView>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const view = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          ...(extensions ?? []),
          basicSetup,
          syntaxHighlighting(COLORS[shown]),
          EditorView.cspNonce.of(nonce),
          EditorState.readOnly.of(!isEditable),
          // What only shows text is no place to write for the browser either: Tab leaves it like any other element.
          EditorView.editable.of(isEditable),
          EditorState.phrases.of(phrases),
          // With a place in the order of tabs it is scrolled with the keyboard.
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          typingOver,
          EditorView.theme(LOOK[shown], { dark: shown === "dark" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) listener.current?.(update.state.sliceDoc());
          }),
          // Files keep the ends of lines they came with.
          ...(text.includes("\r\n") ? [EditorState.lineSeparator.of("\r\n")] : []),
          ...languageOf(name),
        ],
      }),
    });
    editor.current = view;
    ready.current?.(view);
    return () => view.destroy();
    // The text is where editing begins: what is typed comes back through `onChange` and is not put in again.
  }, [isEditable ? "" : text, name, label, shown, isEditable, extensions, phrases]);
  useEffect(() => {
    const view = editor.current;
    const old = view?.state.sliceDoc();
    // What was changed elsewhere comes in as one change, so that the cursor stays and it can be undone.
    if (view && old !== undefined && old !== text) view.dispatch({ changes: difference(old, text) });
  }, [text]);
  return <div className="code" ref={box} />;
}

/** The one stretch in which two texts differ. */
function difference(old: string, text: string) {
  const most = Math.min(old.length, text.length);
  let from = 0;
  while (from < most && old[from] === text[from]) from += 1;
  let tail = 0;
  while (tail < most - from && old.at(-1 - tail) === text.at(-1 - tail)) tail += 1;
  return { from, to: old.length - tail, insert: text.slice(from, text.length - tail) };
}
