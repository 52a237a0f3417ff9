import { useEffect, useState } from "react";
import { useT, useWords, type Translate } from "../app/i18n";

const NUMERIC = "numeric";
const MOMENT = {
  year: NUMERIC,
  month: NUMERIC,
  day: NUMERIC,
  hour: NUMERIC,
  minute: NUMERIC,
  second: NUMERIC,
} as const;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

interface Formats {
  ago: Intl.RelativeTimeFormat;
  exact: Intl.DateTimeFormat;
}

/** Making them takes longer than drawing the row they stand in. */
const kept = new Map<string, Formats>();

function formatsOf(language: string): Formats {
  const found = kept.get(language) ?? {
    ago: new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }),
    exact: new Intl.DateTimeFormat(language, MOMENT),
  };
  kept.set(language, found);
  return found;
}

/** How long ago, with the exact moment on hover. */
export function When({ at }: { at: string | number | null | undefined }) {
  const { language } = useWords();
  if (!at) return <span className="faint">–</span>;
  const moment = new Date(at);
  const seconds = (Date.now() - moment.getTime()) / 1000;
  const formats = formatsOf(language);
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  const exact = formats.exact.format(moment);
  const text = Math.abs(seconds) < 30 * 86_400 ? formats.ago.format(-Math.round(seconds / size), unit) : exact;
  return (
    <time dateTime={moment.toISOString()} title={exact}>
      {text}
    </time>
  );
}

export function duration(seconds: number, t: Translate): string {
  if (seconds < 1) return t("{count} ms", { count: Math.max(0, Math.round(seconds * 1000)) });
  if (seconds < 60) return t("{seconds} s", { seconds: seconds.toFixed(seconds < 10 ? 1 : 0) });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("{minutes} min {seconds} s", { minutes, seconds: Math.floor(seconds % 60) });
  return t("{hours} h {minutes} min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** How long something took, or has taken until now. */
export function Took({ from, to, isOver }: { from?: number; to?: number; isOver: boolean }) {
  const t = useT();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (isOver) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isOver]);
  if (from === undefined || (isOver && to === undefined)) return <span className="faint">–</span>;
  return <span>{duration(((isOver ? (to ?? from) : Math.max(now, from)) - from) / 1000, t)}</span>;
}
