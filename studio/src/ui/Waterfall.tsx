import { ChevronDown16Regular, ChevronRight16Regular } from "@fluentui/react-icons";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useT } from "../app/i18n";
import { short } from "./number";
import { extent, rowsOf, type Span } from "./spans";
import { duration } from "./time";
import "./waterfall.css";

interface Props<S extends Span> {
  spans: readonly S[];
  /** The span that is looked at. */
  chosen?: string;
  onChoose?: (span: S) => void;
  label: string;
}

const INDENT = 16;
/** Kinds that have a colour of their own; others share one. */
const TONES: Record<string, string> = {
  flow: "flow",
  chain: "flow",
  agent: "flow",
  llm: "model",
  embedding: "model",
  tool: "tool",
  retrieval: "search",
};

/** The spans of a trace over time, each under the one that called it. Arrow keys move, open and close. */
export function Waterfall<S extends Span>({ spans, chosen, onChoose, label }: Props<S>) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => rowsOf(spans, closed), [spans, closed]);
  const whole = useMemo(() => extent(spans), [spans]);
  const current = rows.some(({ span }) => span.id === chosen) ? chosen : rows[0]?.span.id;

  const toggle = (id: string) =>
    setClosed((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });

  const go = (index: number) => {
    const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
    onChoose?.(row.span);
    box.current?.querySelector<HTMLElement>(`[data-span="${CSS.escape(row.span.id)}"]`)?.focus();
  };

  const onKey = (event: KeyboardEvent, index: number) => {
    const { span, depth, hasChildren } = rows[index];
    const isOpen = hasChildren && !closed.has(span.id);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: () => go(index),
      " ": () => go(index),
      ArrowRight: () => (isOpen ? go(index + 1) : hasChildren && toggle(span.id)),
      ArrowLeft: () =>
        isOpen ? toggle(span.id) : go(rows.findLastIndex((row, at) => at < index && row.depth < depth)),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  };

  return (
    <div ref={box} className="waterfall">
      {/* Each row says these words itself, so that whoever hears it needs no heads. */}
      <div className="span-heads" aria-hidden>
        <span className="span-head-name">{t("Name")}</span>
        <span>{t("Over time")}</span>
        <span className="number">{t("Duration")}</span>
        <span className="number">{t("Tokens")}</span>
      </div>
      <div role="tree" aria-label={label}>
        {rows.map(({ span, depth, hasChildren }, index) => {
          const seconds = (span.end ?? span.start) - span.start;
          const tokens = span.tokens ? `, ${t("{count} tokens", { count: span.tokens.total })}` : "";
          const isBad = span.status === "ERROR";
          return (
            <div
              key={span.id}
              role="treeitem"
              aria-level={depth + 1}
              aria-selected={span.id === chosen}
              aria-expanded={hasChildren ? !closed.has(span.id) : undefined}
              aria-label={`${span.name}, ${span.kind}, ${duration(seconds, t)}${tokens}${isBad ? `, ${t("Failed")}` : ""}`}
              data-span={span.id}
              tabIndex={span.id === current ? 0 : -1}
              className="span"
              onClick={() => go(index)}
              onKeyDown={(event) => onKey(event, index)}
            >
              <span className="span-name" style={{ paddingLeft: depth * INDENT }}>
                <span
                  className="span-toggle"
                  onClick={(event) => {
                    if (!hasChildren) return;
                    event.stopPropagation();
                    toggle(span.id);
                  }}
                >
                  {hasChildren && (closed.has(span.id) ? <ChevronRight16Regular /> : <ChevronDown16Regular />)}
                </span>
                <span className={isBad ? "span-text bad" : "span-text"} title={span.name}>
                  {span.name}
                </span>
                {span.kind && <span className="span-kind">{span.kind}</span>}
              </span>
              <span className="span-track">
                <span
                  className={`span-bar ${isBad ? "failed" : (TONES[span.kind.toLowerCase()] ?? "other")}`}
                  style={{
                    left: `${whole.seconds ? (100 * (span.start - whole.start)) / whole.seconds : 0}%`,
                    width: `${whole.seconds ? (100 * seconds) / whole.seconds : 100}%`,
                  }}
                />
              </span>
              <span className="number">{span.end === null ? "…" : duration(seconds, t)}</span>
              <span className="number faint" title={t("Tokens")}>
                {span.tokens ? short(span.tokens.total) : ""}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
