import { Button, Input, Select, Spinner } from "@fluentui/react-components";
import {
  Add16Regular,
  ArrowDown16Regular,
  ArrowUp16Regular,
  Delete16Regular,
  Play16Filled,
  Stop16Filled,
} from "@fluentui/react-icons";
import type { EditorView } from "codemirror";
import { lazy, memo, Suspense, useEffect, useRef, useState } from "react";
import type { Question } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { CellOutput } from "../../ui/CellOutput";
import { useInSight } from "../../ui/useInSight";
import { CellCode, type CodeKeys } from "./CellCode";
import type { Cell, CellType } from "./document";
import type { CellProgress } from "./useSession";

const Markdown = lazy(() => import("../../ui/Markdown"));

/** What a cell may ask of its notebook; the same object for as long as the notebook is open. */
export interface CellActions {
  choose: (id: string) => void;
  edit: (id: string) => void;
  leave: (id: string) => void;
  write: (id: string, source: string) => void;
  turn: (id: string, type: CellType) => void;
  move: (id: string, by: number) => void;
  insert: (id: string, offset: number) => void;
  remove: (id: string) => void;
  run: (id: string) => void;
  interrupt: () => void;
  answer: (text: string) => void;
  keys: (id: string) => CodeKeys;
}

interface Props {
  cell: Cell;
  number: number;
  isChosen: boolean;
  isEdited: boolean;
  isReadOnly: boolean;
  progress: CellProgress | undefined;
  question: Question | null;
  actions: CellActions;
}

/** One cell: what is written, how it is run, what it has put out. */
export const CellBox = memo(function CellBox(props: Props) {
  const { cell, number, isChosen, isEdited, isReadOnly, progress, question, actions } = props;
  const t = useT();
  const [box, isSeen] = useInSight<HTMLElement>();
  const view = useRef<EditorView | null>(null);
  const kind = cell.cell_type === "code" ? t("code") : cell.cell_type === "markdown" ? t("Markdown") : t("raw");

  useEffect(() => {
    if (!isChosen) return;
    const active = document.activeElement;
    if (isEdited) view.current?.focus();
    else if (!box.current?.contains(active) || active?.closest(".cm-editor"))
      box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: "nearest" });
  }, [box, isChosen, isEdited]);

  const isText = cell.cell_type === "markdown" && !isEdited;
  return (
    <section
      ref={box}
      id={`cell-${cell.id}`}
      tabIndex={isChosen ? 0 : -1}
      className={`nb-cell ${isChosen ? "chosen" : ""} ${isEdited ? "edited" : ""}`}
      aria-label={t("Cell {number}, {kind}", { number, kind })}
      aria-current={isChosen}
      onMouseDown={() => actions.choose(cell.id)}
      onFocusCapture={(event) => event.target.closest(".cm-content") && actions.edit(cell.id)}
    >
      <div className="nb-gutter">
        <RunMark {...props} />
      </div>
      <div className="nb-main">
        {isText ? (
          <div className="nb-text" onDoubleClick={() => !isReadOnly && actions.edit(cell.id)}>
            <Suspense fallback={<pre>{cell.source}</pre>}>
              {cell.source.trim() ? <Markdown text={cell.source} /> : <p className="faint">{t("Empty text")}</p>}
            </Suspense>
          </div>
        ) : isSeen || isEdited ? (
          <CellCode
            cell={cell}
            label={t("Source of cell {number}", { number })}
            keys={actions.keys(cell.id)}
            onChange={isReadOnly ? undefined : (source) => actions.write(cell.id, source)}
            onReady={(found) => {
              view.current = found;
              if (isEdited) found.focus();
            }}
          />
        ) : (
          <pre className="nb-later">{cell.source}</pre>
        )}
        {question?.cell === cell.id && <Asked question={question} onAnswer={actions.answer} />}
        {cell.cell_type === "code" && (cell.outputs ?? []).map((output, at) => <CellOutput key={at} output={output} />)}
        {progress?.status === "aborted" && <p className="faint">{t("Not run, since a cell before it has failed.")}</p>}
      </div>
      {isChosen && !isReadOnly && <Tools {...props} />}
    </section>
  );
});

function RunMark({ cell, number, progress, actions, isReadOnly }: Props) {
  const t = useT();
  if (cell.cell_type !== "code") return null;
  const isBusy = progress?.status === "running" || progress?.status === "queued";
  const seconds =
    progress?.startedAt && progress.endedAt && progress.endedAt >= progress.startedAt
      ? progress.endedAt - progress.startedAt
      : null;
  return (
    <>
      {progress?.status === "running" ? (
        <Button
          size="small"
          appearance="subtle"
          icon={<Stop16Filled />}
          aria-label={t("Interrupt")}
          title={t("Interrupt")}
          onClick={actions.interrupt}
        />
      ) : (
        <Button
          size="small"
          appearance="subtle"
          icon={progress?.status === "queued" ? <Spinner size="extra-tiny" /> : <Play16Filled />}
          disabled={isReadOnly}
          aria-label={t("Run cell {number}", { number })}
          title={t("Run (Shift+Enter)")}
          onClick={() => actions.run(cell.id)}
        />
      )}
      <span className="nb-count">[{isBusy ? "*" : (cell.execution_count ?? " ")}]</span>
      {seconds !== null && (
        <span className="nb-count">{seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s</span>
      )}
    </>
  );
}

function Tools({ cell, actions }: Props) {
  const t = useT();
  const tool = (label: string, icon: React.JSX.Element, onClick: () => void) => (
    <Button size="small" appearance="subtle" icon={icon} aria-label={label} title={label} onClick={onClick} />
  );
  return (
    <div className="nb-tools" role="group" aria-label={t("This cell")}>
      <Select
        size="small"
        aria-label={t("Kind of cell")}
        value={cell.cell_type}
        onChange={(_, { value }) => actions.turn(cell.id, value as CellType)}
      >
        <option value="code">{t("code")}</option>
        <option value="markdown">{t("Markdown")}</option>
        <option value="raw">{t("raw")}</option>
      </Select>
      {tool(t("Move up"), <ArrowUp16Regular />, () => actions.move(cell.id, -1))}
      {tool(t("Move down"), <ArrowDown16Regular />, () => actions.move(cell.id, 1))}
      {tool(t("Add a cell below"), <Add16Regular />, () => actions.insert(cell.id, 1))}
      {tool(t("Delete this cell"), <Delete16Regular />, () => actions.remove(cell.id))}
    </div>
  );
}

/** What the code asks for with `input()`. */
function Asked({ question, onAnswer }: { question: Question; onAnswer: (text: string) => void }) {
  const t = useT();
  const [text, setText] = useState("");
  return (
    <form
      className="nb-question"
      onKeyDown={(event) => event.stopPropagation()}
      onSubmit={(event) => {
        event.preventDefault();
        onAnswer(text);
      }}
    >
      <Input
        size="small"
        autoFocus
        type={question.password ? "password" : "text"}
        value={text}
        contentBefore={<code>{question.prompt}</code>}
        aria-label={question.prompt || t("The code asks for a text")}
        onChange={(_, { value }) => setText(value)}
      />
      <Button size="small" type="submit" appearance="primary">
        {t("Answer")}
      </Button>
    </form>
  );
}
