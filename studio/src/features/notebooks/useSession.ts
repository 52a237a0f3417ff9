import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { request } from "../../api/client";
import {
  ask,
  ownSession,
  sessionPath,
  startSession,
  type CellStatus,
  type KernelState,
  type NotebookSession,
  type Question,
  type SessionEvent,
} from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";

export interface CellProgress {
  status: CellStatus;
  startedAt?: number;
  endedAt?: number;
}

export interface Kernel {
  session: NotebookSession | null;
  /** None where no kernel is at work; waiting while its job has not begun. */
  state: KernelState | "none" | "waiting";
  python: string;
  cells: Record<string, CellProgress>;
  question: Question | null;
  start: () => void;
  run: (cells: { id: string; code: string }[]) => void;
  answer: (text: string) => void;
  interrupt: () => void;
  restart: () => void;
  stop: () => void;
}

interface Seen {
  state: KernelState | "waiting";
  python: string;
  cells: Record<string, CellProgress>;
  question: Question | null;
}

const NOTHING: Seen = { state: "waiting", python: "", cells: {}, question: null };
const WAITS = new Set(["idle", "busy"]);

function seen(old: Seen, event: SessionEvent): Seen {
  switch (event.type) {
    case "state":
      return { state: event.kernel, python: event.python, cells: event.cells, question: event.input };
    case "over":
      return { ...NOTHING, state: "ended", cells: event.cells };
    case "waiting":
      return { ...old, state: "waiting" };
    case "kernel":
      return { ...old, state: event.kernel, question: event.kernel === "busy" ? old.question : null };
    case "queued":
      return { ...old, cells: { ...old.cells, [event.cell]: { status: "queued" } } };
    case "started":
      return { ...old, cells: { ...old.cells, [event.cell]: { status: "running", startedAt: Date.now() / 1000 } } };
    case "finished":
      return {
        ...old,
        question: null,
        cells: {
          ...old.cells,
          [event.cell]: { status: event.status, startedAt: event.startedAt ?? undefined, endedAt: event.endedAt },
        },
      };
    case "input":
      return { ...old, question: { cell: event.cell, prompt: event.prompt, password: event.password } };
    case "answered":
      return { ...old, question: null };
    default:
      return old;
  }
}

/** The kernel of a notebook. It goes on when the page is closed, and tells everything when the page comes back. */
export function useSession(
  path: string,
  where: { environment: string; compute: string | null },
  isShown: boolean,
  onEvent: (event: SessionEvent) => void,
): Kernel {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const found = useQuery(ownSession(scope, path));
  const session = found.data ?? null;
  const name = session?.name;
  const [now, setNow] = useState<Seen>(NOTHING);
  const pending = useRef<{ id: string; code: string }[]>([]);
  const hear = useRef(onEvent);
  hear.current = onEvent;
  const failed = useCallback((error: unknown) => showNotice("error", String((error as Error).message ?? error)), []);
  const isVisible = useVisible() && isShown;

  const send = useCallback(
    (session: string) => {
      const cells = pending.current;
      pending.current = [];
      if (cells.length > 0) void ask(scope, session, "execute", { cells }).catch(failed);
    },
    [scope, failed],
  );

  useEffect(() => {
    setNow(NOTHING);
  }, [name]);

  useEffect(() => {
    if (!name || !isVisible) return undefined;
    const source = new EventSource(sessionPath(scope, name, "events"));
    source.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as SessionEvent;
      setNow((old) => seen(old, event));
      hear.current(event);
      if ((event.type === "state" || event.type === "kernel") && WAITS.has(event.kernel)) send(name);
      if (event.type !== "over") return;
      source.close();
      if (event.status === "Failed") showNotice("error", event.error ?? t("The session has failed; see its job."));
      void client.invalidateQueries({ queryKey: ownSession(scope, path).queryKey });
    };
    return () => source.close();
  }, [name, isVisible, scope, path, client, send, t]);

  const begin = useCallback(async () => {
    try {
      const made = await startSession(scope, path, where.environment, where.compute);
      client.setQueryData(ownSession(scope, path).queryKey, made);
    } catch (error) {
      pending.current = [];
      failed(error);
    }
  }, [scope, path, where.environment, where.compute, client, failed]);

  const verb = (word: string, body?: unknown) => () => name && void ask(scope, name, word, body).catch(failed);

  return {
    session,
    state: session ? now.state : "none",
    python: now.python,
    cells: session || now.state === "ended" ? now.cells : {},
    question: now.question,
    start: () => void begin(),
    run: (cells) => {
      pending.current.push(...cells);
      if (!name) void begin();
      else if (WAITS.has(now.state)) send(name);
    },
    answer: (text) => name && void ask(scope, name, "input", { text }).catch(failed),
    interrupt: verb("interrupt"),
    restart: verb("restart"),
    stop: () => {
      if (!name) return;
      void request(sessionPath(scope, name), { method: "DELETE" }).catch(failed);
    },
  };
}

/** Whether the tab is looked at: a browser has few connections, and those behind need none. */
function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return isVisible;
}
