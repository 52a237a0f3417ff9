import { Button, Input, Select, Switch } from "@fluentui/react-components";
import { ArrowDownload16Regular, ChevronDown16Regular, ChevronUp16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { logFiles } from "../../api/queries";
import { ENDED } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { bytes } from "../../ui/number";
import { Problem } from "../../ui/Problem";
import type { TabProps } from "./JobPage";
import { useLog } from "./useLog";

const LINE_HEIGHT = 20;
/** The tallest element a browser lays out well; longer logs are shown in parts of it. */
const MOST_PIXELS = 16_000_000;
const MOST_LINES = Math.floor(MOST_PIXELS / LINE_HEIGHT);

export default function LogsTab({ job }: TabProps) {
  const t = useT();
  const { file } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const isOver = ENDED.has(job.properties.status);
  const found = useQuery({ ...logFiles(useScope(), job.name), refetchInterval: isOver ? false : 5000 });
  return (
    <Loaded of={found}>
      {(logs) => {
        const names = Object.keys(logs).sort();
        const name =
          file && names.includes(file) ? file : (names.find((each) => each.endsWith("std_log.txt")) ?? names[0]);
        if (!name) return <Empty>{t("No log yet.")}</Empty>;
        const path = new URL(logs[name]);
        return (
          <>
            <div className="filters">
              <Select
                aria-label={t("Log file")}
                value={name}
                onChange={(_, { value }) => void navigate({ search: (old) => ({ ...old, file: value }) })}
              >
                {names.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </Select>
            </div>
            <Log key={name} address={path.pathname} name={name} isOver={isOver} />
          </>
        );
      }}
    </Loaded>
  );
}

function Log({ address, name, isOver }: { address: string; name: string; isOver: boolean }) {
  const t = useT();
  const { lines, size, read, start, isReading, error, readEarlier } = useLog(address, isOver);
  const [isFollowing, setFollowing] = useState(!isOver);
  const [text, setText] = useState("");
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

  if (error) return <Problem error={error} />;
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
        {!isOver && (
          <Switch label={t("Follow")} checked={isFollowing} onChange={(_, { checked }) => setFollowing(checked)} />
        )}
        <span className="faint">
          {isReading
            ? t("{read} of {size} read", { read: bytes(read), size: bytes(size) })
            : t("{count} lines, {size}", { count: lines.length, size: bytes(size) })}
        </span>
        <Button as="a" size="small" icon={<ArrowDownload16Regular />} href={address} download={name.split("/").at(-1)}>
          {t("Download")}
        </Button>
      </div>
      {start > 0 && (
        <div className="filters">
          <span className="faint">{t("The log begins {size} earlier.", { size: bytes(start) })}</span>
          <Button size="small" onClick={readEarlier}>
            {t("Read earlier lines")}
          </Button>
        </div>
      )}
      <div
        ref={box}
        className="log"
        role="region"
        aria-label={name}
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollowing(false)}
      >
        <div style={{ height: virtual.getTotalSize() }} className="log-body">
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.index}
              className={item.index === hit ? "log-line hit" : "log-line"}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <span className="log-number">{start === 0 ? item.index + skipped + 1 : ""}</span>
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
