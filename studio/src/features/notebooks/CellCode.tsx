import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "codemirror";
import { useMemo, useRef, useState } from "react";
import Code from "../../ui/Code";
import { plain } from "../../ui/Ansi";
import type { Cell } from "./document";

interface Completion {
  from: number;
  options: { label: string }[];
}

/** What keys do in the source of a cell, and what a kernel knows of it. */
export interface CodeKeys {
  run: (then: "stay" | "next" | "insert") => void;
  leave: () => void;
  go: (by: number) => void;
  complete: (code: string, at: number) => Promise<Completion | null>;
  inspect: (code: string, at: number) => Promise<string | null>;
}

interface Place {
  state: EditorState;
  pos: number;
  explicit: boolean;
}

interface Props {
  cell: Cell;
  label: string;
  keys: CodeKeys;
  onChange?: (source: string) => void;
  onReady: (view: EditorView) => void;
}

const WORD = /[\w.]$/;

/** The source of a cell, with the keys of Jupyter and the names that the kernel knows. */
export function CellCode({ cell, label, keys, onChange, onReady }: Props) {
  const now = useRef(keys);
  now.current = keys;
  const [told, setTold] = useState<string | null>(null);
  const isCode = cell.cell_type === "code";
  const extensions = useMemo(() => extensionsOf(now, isCode, setTold), [isCode]);
  return (
    <>
      <Code
        text={cell.source}
        name={isCode ? "cell.py" : "cell.md"}
        label={label}
        extensions={extensions}
        onChange={onChange}
        onReady={onReady}
      />
      {told !== null && (
        <pre className="output aside" tabIndex={0} role="status">
          {told}
        </pre>
      )}
    </>
  );
}

function extensionsOf(
  keys: { current: CodeKeys },
  isCode: boolean,
  tell: (text: string | null) => void,
): readonly Extension[] {
  const complete = async ({ state, pos, explicit }: Place): Promise<Completion | null> => {
    const text = state.sliceDoc();
    if (!explicit && !WORD.test(text.slice(0, pos))) return null;
    return keys.current.complete(text, pos);
  };
  const handlers = EditorView.domEventHandlers({
    keydown(event, view) {
      const { main } = view.state.selection;
      if (event.isComposing) return false;
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey)) {
        event.preventDefault();
        keys.current.run(event.shiftKey ? "next" : event.altKey ? "insert" : "stay");
        return true;
      }
      if (event.key === "Escape") {
        tell(null);
        // An open list of names is closed first.
        if (view.dom.querySelector(".cm-tooltip-autocomplete")) return false;
        event.stopPropagation();
        keys.current.leave();
        return true;
      }
      if (event.key === "Tab" && event.shiftKey && isCode) {
        event.preventDefault();
        void keys.current.inspect(view.state.sliceDoc(), main.head).then((found) => tell(found && plain(found)));
        return true;
      }
      const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey && main.empty;
      const isListed = view.dom.querySelector(".cm-tooltip-autocomplete") !== null;
      const line = view.state.doc.lineAt(main.head);
      if (isPlain && !isListed && event.key === "ArrowUp" && line.number === 1) keys.current.go(-1);
      if (isPlain && !isListed && event.key === "ArrowDown" && line.number === view.state.doc.lines) keys.current.go(1);
      event.stopPropagation();
      return false;
    },
  });
  return [
    handlers,
    EditorView.lineWrapping,
    ...(isCode ? [EditorState.languageData.of(() => [{ autocomplete: complete }])] : []),
  ];
}
