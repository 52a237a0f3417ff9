import { MergeView } from "@codemirror/merge";
import { syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { basicSetup, EditorView } from "codemirror";
import { useEffect, useRef } from "react";
import { useT } from "../app/i18n";
import { useTheme } from "../app/theme";
import { COLORS, languageOf, LOOK, nonce, typingOver } from "./Code";
import { usePhrases } from "./usePhrases";
import "./difference.css";

interface Props {
  before: string;
  after: string;
  name: string;
  labels: [before: string, after: string];
  /** Where somebody listens, the right side can be changed, and takes over from the left what is asked for. */
  onChange?: (text: string) => void;
}

/** Two texts side by side. What is the same in both is folded. */
export default function Difference({ before, after, name, labels, onChange }: Props) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const { shown } = useTheme();
  const phrases = usePhrases();
  const listener = useRef(onChange);
  listener.current = onChange;
  const isEditable = onChange !== undefined;
  useEffect(() => {
    if (!box.current) return undefined;
    const side = (doc: string, label: string, isReadOnly: boolean) => ({
      doc,
      extensions: [
        basicSetup,
        syntaxHighlighting(COLORS[shown]),
        EditorView.cspNonce.of(nonce),
        EditorView.lineWrapping,
        EditorState.phrases.of({ ...phrases, "$ unchanged lines": t("{count} lines are the same", { count: "$" }) }),
        EditorState.readOnly.of(isReadOnly),
        EditorView.editable.of(!isReadOnly),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        typingOver,
        EditorView.theme(LOOK[shown], { dark: shown === "dark" }),
        ...languageOf(name),
        ...(doc.includes("\r\n") ? [EditorState.lineSeparator.of("\r\n")] : []),
      ],
    });
    const right = side(after, labels[1], !isEditable);
    right.extensions.push(
      EditorView.updateListener.of((update) => {
        if (update.docChanged) listener.current?.(update.state.sliceDoc());
      }),
    );
    const view = new MergeView({
      parent: box.current,
      a: side(before, labels[0], true),
      b: right,
      collapseUnchanged: { margin: 3, minSize: 6 },
      ...(isEditable ? { revertControls: "a-to-b" as const } : {}),
    });
    return () => view.destroy();
    // As in `Code`, the text is where editing begins.
  }, [before, isEditable ? "" : after, name, labels[0], labels[1], shown, isEditable, t]);
  return (
    <div className="difference">
      <div className="difference-heads">
        <span>{labels[0]}</span>
        <span>{labels[1]}</span>
      </div>
      <div className="code" ref={box} />
    </div>
  );
}
