import { Button, Input, Switch } from "@fluentui/react-components";
import { ChevronDown16Regular, ChevronUp16Regular } from "@fluentui/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useT } from "../app/i18n";

interface Props {
  lines: readonly string[];
  label: string;
  /** Whether more may come, so that it can be followed. */
  isLive: boolean;
  /** Whether the first line is the first of all. */
  isNumbered?: boolean;
  /** What is searched for at first. */
  find?: string;
  onFind?: (text: string) => void;
  /** Beside the search: how much there is, and what can be done with it. */
  beside?: ReactNode;
  /** Between the search and the lines. */
  above?: ReactNode;
}

const LINE_HEIGHT = 20;
/** The tallest element a browser lays out well; longer logs are shown in parts of it. */
const MOST_PIXELS = 16_000_000;
const MOST_LINES = Math.floor(MOST_PIXELS / LINE_HEIGHT);

/** Lines of a log, of which only those in sight exist; they are searched, and followed while more come. */
export function LogView({ lines, label, isLive, isNumbered = true, find = "", onFind, beside, above }: Props) {
  const t = useT();
  const [isFollowing, setFollowing] = useState(isLive);
  const [text, setText] = useState(find);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const skipped = Math.max(0, lines.length - MOST_LINES);
  const virtual = useVirtualizer({
    count: lines.length - skipped,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 30,
  });
  const hits = useMemo(() => {
    const wanted = text.toLowerCase();
    const rows: number[] = [];
    if (wanted) {
      for (let row = skipped; row < lines.length; row += 1) {
        if (lines[row].toLowerCase().includes(wanted)) rows.push(row - skipped);
      }
    }
    return rows;
  }, [text, lines, skipped]);
  const hit = hits.length > 0 ? hits[Math.min(at, hits.length - 1)] : undefined;

  useEffect(() => {
    if (isFollowing && !text && lines.length > 0) virtual.scrollToIndex(lines.length - skipped - 1);
  }, [isFollowing, lines.length, skipped, text, virtual]);
  useEffect(() => {
    if (hit !== undefined) virtual.scrollToIndex(hit, { align: "center" });
  }, [hit, virtual]);
  const step = (by: number) =>
    hits.length > 0 && setAt((Math.min(at, hits.length - 1) + by + hits.length) % hits.length);

  return (
    <>
      <div className="filters">
        <Input
          type="search"
          value={text}
          aria-label={t("Search the log")}
          placeholder={t("Search the log")}
          onChange={(_, data) => {
            setText(data.value);
            setAt(0);
            onFind?.(data.value);
          }}
          onKeyDown={(event) => event.key === "Enter" && step(event.shiftKey ? -1 : 1)}
        />
        {text && (
          <span className="row">
            <span className="number" aria-live="polite">
              {hits.length > 0 ? `${Math.min(at, hits.length - 1) + 1} / ${hits.length}` : t("Nothing found.")}
            </span>
            <Button size="small" icon={<ChevronUp16Regular />} aria-label={t("Previous")} onClick={() => step(-1)} />
            <Button size="small" icon={<ChevronDown16Regular />} aria-label={t("Next")} onClick={() => step(1)} />
          </span>
        )}
        {isLive && (
          <Switch label={t("Follow")} checked={isFollowing} onChange={(_, { checked }) => setFollowing(checked)} />
        )}
        {beside}
      </div>
      {above}
      <div
        ref={box}
        className="log"
        role="region"
        aria-label={label}
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollowing(false)}
        onKeyDown={({ key }) => ["ArrowUp", "PageUp", "Home"].includes(key) && setFollowing(false)}
      >
        <div style={{ height: virtual.getTotalSize() }} className="log-body">
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.index}
              className={item.index === hit ? "log-line hit" : "log-line"}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <span className="log-number">{isNumbered ? item.index + skipped + 1 : ""}</span>
              <span>{marked(lines[item.index + skipped], text)}</span>
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

/** A line with what was searched for marked. */
function marked(line: string, text: string) {
  if (!text) return line;
  const at = line.toLowerCase().indexOf(text.toLowerCase());
  if (at < 0) return line;
  return (
    <>
      {line.slice(0, at)}
      <mark>{line.slice(at, at + text.length)}</mark>
      {line.slice(at + text.length)}
    </>
  );
}
