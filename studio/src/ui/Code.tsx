import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";
import { useEffect, useRef } from "react";
import { useTheme } from "../app/theme";

interface Props {
  text: string;
  /** The name of the file, by whose ending it is coloured. */
  name: string;
  label: string;
  onChange?: (text: string) => void;
}

const LANGUAGES = { py: python, json, yml: yaml, yaml, ipynb: json } as const;
/** Colours that are readable on the ground of either theme. */
const highlights = (keyword: string, text: string, value: string, comment: string) =>
  HighlightStyle.define([
    { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: keyword },
    { tag: [tags.string, tags.special(tags.string)], color: text },
    { tag: [tags.number, tags.bool, tags.null, tags.propertyName, tags.definition(tags.propertyName)], color: value },
    { tag: tags.comment, color: comment, fontStyle: "italic" },
  ]);
const COLORS = {
  light: highlights("#5c2e91", "#8a1c1c", "#0b4f8a", "#565656"),
  dark: highlights("#cdb0f7", "#f3b09a", "#9fcdf5", "#b8b8b8"),
};

const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";

/** Text with colours; it can be changed where somebody listens. */
export default function Code({ text, name, label, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { shown } = useTheme();
  const listener = useRef(onChange);
  listener.current = onChange;
  const isEditable = onChange !== undefined;
  useEffect(() => {
    if (!box.current) return undefined;
    const ending = name.split(".").at(-1) as keyof typeof LANGUAGES;
    const language = LANGUAGES[ending];
    const view = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          basicSetup,
          syntaxHighlighting(COLORS[shown]),
          EditorView.cspNonce.of(nonce),
          EditorState.readOnly.of(!isEditable),
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.theme({ "&": { fontSize: "13px" } }, { dark: shown === "dark" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) listener.current?.(update.state.doc.toString());
          }),
          ...(language ? [language()] : []),
        ],
      }),
    });
    return () => view.destroy();
    // The text is where editing begins: what is typed comes back through `onChange` and is not put in again.
  }, [isEditable ? "" : text, name, label, shown, isEditable]);
  return <div className="code" ref={box} />;
}
