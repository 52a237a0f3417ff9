import { Button, Input } from "@fluentui/react-components";
import { useCallback, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { ask } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { Waiting } from "../../ui/Waiting";
import { CellBox, type CellActions } from "./CellBox";
import { Conflict } from "./Conflict";
import {
  fromKernel,
  mergeNotebooks,
  newCell,
  readNotebook,
  told,
  toKernel,
  writeNotebook,
  type Cell,
  type CellType,
  type Notebook,
} from "./document";
import { KernelBar, type Where } from "./KernelBar";
import { SaveState } from "./SaveState";
import { useFile, type Form } from "./useFile";
import { useSession } from "./useSession";
import { Variables } from "./Variables";

const FORM: Form<Notebook> = { read: readNotebook, write: writeNotebook, merge: mergeNotebooks };
const MOST_UNDONE = 50;
const TWICE_MS = 800;

/** A notebook: cells that are written, run and moved with the keys of Jupyter. */
export function NotebookEditor({ path, isShown }: { path: string; isShown: boolean }) {
  const t = useT();
  const file = useFile(path, FORM);
  if (file.error) return <Problem error={file.error} />;
  if (file.isUnreadable) return <Empty>{t("This is no notebook that can be read.")}</Empty>;
  if (file.value === null) return <Waiting />;
  return <Opened path={path} isShown={isShown} file={file} notebook={file.value} />;
}

interface OpenedProps {
  path: string;
  isShown: boolean;
  file: ReturnType<typeof useFile<Notebook>>;
  notebook: Notebook;
}

function Opened({ path, isShown, file, notebook }: OpenedProps) {
  const { isReadOnly } = file;
  const t = useT();
  const scope = useScope();
  const { cells, metadata } = notebook;
  const [chosen, setChosen] = useState(cells[0]?.id ?? "");
  const [isEditing, setEditing] = useState(false);
  const [shows, setShows] = useState({ variables: false, find: false });
  const undone = useRef<Cell[][]>([]);
  const clipboard = useRef<Cell | null>(null);
  const lastKey = useRef({ key: "", at: 0 });
  const where: Where = { environment: metadata.smalt?.environment ?? "", compute: metadata.smalt?.compute ?? "" };
  const changeCells = useCallback(
    (to: (cells: Cell[]) => Cell[]) =>
      file.change((old) => {
        const next = to(old.cells);
        return next === old.cells ? old : { ...old, cells: next };
      }),
    [file.change],
  );
  const kernel = useSession(
    path,
    { environment: where.environment, compute: where.compute || null },
    isShown,
    (event) => changeCells((old) => told(old, event)),
  );

  const now = useRef({ cells, chosen, kernel });
  now.current = { cells, chosen, kernel };
  const at = () => now.current.cells.findIndex(({ id }) => id === now.current.chosen);

  const restructure = useCallback(
    (to: (cells: Cell[]) => Cell[]) => {
      undone.current = [...undone.current.slice(-MOST_UNDONE), now.current.cells];
      changeCells(to);
    },
    [changeCells],
  );
  const go = useCallback((by: number, edits: boolean) => {
    const next = now.current.cells[Math.max(0, Math.min(at() + by, now.current.cells.length - 1))];
    if (!next) return;
    setChosen(next.id);
    setEditing(edits);
  }, []);
  const insert = useCallback(
    (id: string, offset: number, cell = newCell()) => {
      restructure((old) => {
        const place = old.findIndex((each) => each.id === id) + offset;
        return [...old.slice(0, place), cell, ...old.slice(place)];
      });
      setChosen(cell.id);
      return cell;
    },
    [restructure],
  );
  const remove = useCallback(
    (id: string) => {
      const found = now.current.cells.findIndex((each) => each.id === id);
      clipboard.current = now.current.cells[found] ?? null;
      const left = now.current.cells.filter((each) => each.id !== id);
      const next = left.length > 0 ? left : [newCell()];
      restructure(() => next);
      setChosen(next[Math.min(found, next.length - 1)].id);
      setEditing(false);
    },
    [restructure],
  );
  const runThese = useCallback((these: Cell[]) => {
    const codes = these.filter((each) => each.cell_type === "code" && each.source.trim());
    if (codes.length > 0) now.current.kernel.run(codes.map(({ id, source }) => ({ id, code: source })));
  }, []);
  const run = useCallback(
    (id: string, then: "stay" | "next" | "insert") => {
      const found = now.current.cells.findIndex((each) => each.id === id);
      const cell = now.current.cells[found];
      if (!cell) return;
      runThese([cell]);
      setEditing(false);
      if (then === "insert" || (then === "next" && found === now.current.cells.length - 1)) {
        insert(id, 1);
        setEditing(true);
      } else if (then === "next") setChosen(now.current.cells[found + 1].id);
    },
    [insert, runThese],
  );

  const actions = useMemo<CellActions>(
    () => ({
      choose: (id) => {
        if (now.current.chosen !== id) setEditing(false);
        setChosen(id);
      },
      edit: (id) => {
        setChosen(id);
        setEditing(true);
      },
      leave: () => setEditing(false),
      write: (id, source) =>
        changeCells((old) =>
          old.map((each) => (each.id === id && each.source !== source ? { ...each, source } : each)),
        ),
      turn: (id, type) => restructure((old) => old.map((each) => (each.id === id ? turned(each, type) : each))),
      move: (id, by) => restructure((old) => moved(old, id, by)),
      insert: (id, offset) => {
        insert(id, offset);
        setEditing(true);
      },
      remove,
      run: (id) => run(id, "stay"),
      interrupt: () => now.current.kernel.interrupt(),
      answer: (text) => now.current.kernel.answer(text),
      keys: (id) => ({
        run: (then) => run(id, then),
        leave: () => setEditing(false),
        go: (by) => go(by, true),
        complete: async (code, pos) => {
          const { session, state } = now.current.kernel;
          if (!session || state !== "idle") return null;
          const body = { code, at: toKernel(code, pos) };
          const found = await ask<{ matches: string[]; from: number | null }>(scope, session.name, "complete", body);
          if (found.from === null || found.matches.length === 0) return null;
          return { from: fromKernel(code, found.from), options: found.matches.map((label) => ({ label })) };
        },
        inspect: async (code, pos) => {
          const { session, state } = now.current.kernel;
          if (!session || state !== "idle") return null;
          const body = { code, at: toKernel(code, pos) };
          return (await ask<{ text: string | null }>(scope, session.name, "inspect", body)).text;
        },
      }),
    }),
    [changeCells, go, insert, remove, restructure, run, scope],
  );

  const pressed = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      void file.save();
      return;
    }
    const target = event.target as HTMLElement;
    if (isEditing || target.closest("input, select, textarea, .cm-editor, [role=menu]")) return;
    if (target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
    const isTwice = lastKey.current.key === event.key && event.timeStamp - lastKey.current.at < TWICE_MS;
    lastKey.current = { key: isTwice ? "" : event.key, at: event.timeStamp };
    const cell = cells[at()];
    if (!cell) return;
    const done = command(event, cell, isTwice);
    if (done) event.preventDefault();
  };
  const command = (event: KeyboardEvent, cell: Cell, isTwice: boolean): boolean => {
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey)) {
      if (!isReadOnly) run(cell.id, event.shiftKey ? "next" : event.altKey ? "insert" : "stay");
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "ArrowDown" || event.key === "j") go(1, false);
    else if (event.key === "ArrowUp" || event.key === "k") go(-1, false);
    else if (event.key === "f") setShows((old) => ({ ...old, find: true }));
    else if (isReadOnly) return false;
    else if (event.key === "Enter") setEditing(true);
    else if (event.key === "a") insert(cell.id, 0);
    else if (event.key === "b") insert(cell.id, 1);
    else if (event.key === "m") actions.turn(cell.id, "markdown");
    else if (event.key === "y") actions.turn(cell.id, "code");
    else if (event.key === "r") actions.turn(cell.id, "raw");
    else if (event.key === "x" || (event.key === "d" && isTwice)) remove(cell.id);
    else if (event.key === "c") clipboard.current = cell;
    else if (event.key === "v" && clipboard.current) insert(cell.id, 1, { ...clipboard.current, id: newCell().id });
    else if (event.key === "z") undo();
    else if (event.key === "i" && isTwice) kernel.interrupt();
    else if (event.key === "0" && isTwice) kernel.restart();
    else return event.key === "d" || event.key === "i" || event.key === "0";
    return true;
  };
  const undo = () => {
    const before = undone.current.pop();
    if (!before) return;
    // What a cell has put out since then stays.
    const shown = new Map(cells.map((each) => [each.id, each]));
    changeCells(() => before.map((each) => shown.get(each.id) ?? each));
  };

  return (
    <div className="nb" onKeyDown={pressed}>
      <KernelBar
        path={path}
        kernel={kernel}
        where={where}
        isReadOnly={isReadOnly}
        onWhere={(smalt) => file.change((old) => ({ ...old, metadata: { ...old.metadata, smalt } }))}
        onRunAll={() => runThese(cells)}
        onRunAbove={() => runThese(cells.slice(0, at()))}
        onFind={() => setShows((old) => ({ ...old, find: !old.find }))}
        onVariables={() => setShows((old) => ({ ...old, variables: !old.variables }))}
        onBeforeJob={file.save}
      >
        <SaveState file={file} />
      </KernelBar>
      {file.conflict && <Conflict file={file} name={path} mine={writeNotebook(notebook)} />}
      {shows.find && (
        <Find
          cells={cells}
          onFound={(id) => {
            setChosen(id);
            setEditing(false);
          }}
          onClose={() => setShows((old) => ({ ...old, find: false }))}
        />
      )}
      <div className="nb-columns">
        <div className="nb-cells">
          {cells.map((cell, index) => (
            <CellBox
              key={cell.id}
              cell={cell}
              number={index + 1}
              isChosen={cell.id === chosen}
              isEdited={cell.id === chosen && isEditing}
              isReadOnly={isReadOnly}
              progress={kernel.cells[cell.id]}
              question={kernel.question}
              actions={actions}
            />
          ))}
          {!isReadOnly && (
            <div className="row">
              <Button size="small" onClick={() => insert(cells.at(-1)?.id ?? "", 1)}>
                {t("+ Code")}
              </Button>
              <Button size="small" onClick={() => insert(cells.at(-1)?.id ?? "", 1, newCell("markdown"))}>
                {t("+ Text")}
              </Button>
            </div>
          )}
        </div>
        {shows.variables && <Variables kernel={kernel} />}
      </div>
    </div>
  );
}

function Find({ cells, onFound, onClose }: { cells: Cell[]; onFound: (id: string) => void; onClose: () => void }) {
  const t = useT();
  const [text, setText] = useState("");
  const [place, setPlace] = useState(-1);
  const wanted = text.toLowerCase();
  const hits = wanted ? cells.filter(({ source }) => source.toLowerCase().includes(wanted)) : [];
  const next = (by: number) => {
    if (hits.length === 0) return;
    const to = (place + by + hits.length) % hits.length;
    setPlace(to);
    onFound(hits[to].id);
  };
  return (
    <form
      className="nb-find"
      role="search"
      onKeyDown={(event) => event.key === "Escape" && onClose()}
      onSubmit={(event) => {
        event.preventDefault();
        next(1);
      }}
    >
      <Input
        size="small"
        autoFocus
        value={text}
        aria-label={t("Find in this notebook")}
        placeholder={t("Find in this notebook")}
        onChange={(_, { value }) => {
          setText(value);
          setPlace(-1);
        }}
      />
      <span className="faint" role="status">
        {wanted ? t("{count} cells", { count: hits.length }) : ""}
      </span>
      <Button size="small" type="submit">
        {t("Next")}
      </Button>
      <Button size="small" onClick={() => next(-1)}>
        {t("Previous")}
      </Button>
      <Button size="small" onClick={onClose}>
        {t("Close")}
      </Button>
    </form>
  );
}

const turned = (cell: Cell, type: CellType): Cell => ({
  ...newCell(type, cell.source),
  id: cell.id,
  metadata: cell.metadata,
});

function moved(cells: Cell[], id: string, by: number): Cell[] {
  const from = cells.findIndex((each) => each.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= cells.length) return cells;
  const rest = cells.filter((each) => each.id !== id);
  return [...rest.slice(0, to), cells[from], ...rest.slice(to)];
}
