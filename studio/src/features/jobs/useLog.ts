import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, request } from "../../api/client";

const PART_BYTES = 4 * 1024 * 1024;
/** A longer log is held from here before its end on. */
const MOST_BYTES = 96 * 1024 * 1024;

interface LogState {
  lines: string[];
  size: number;
  read: number;
  start: number;
  isReading: boolean;
  error: Error | null;
}

const NOTHING: LogState = { lines: [], size: 0, read: 0, start: 0, isReading: true, error: null };

/** A log that is read in parts, and on whenever it is told to be longer, until it is over. */
export function useLog(address: string, told: number | undefined, isOver: boolean) {
  const [state, setState] = useState<LogState>(NOTHING);
  const [keeps, setKeeps] = useState(MOST_BYTES);
  const latest = useRef({ told, isOver });
  const wake = useRef<() => void>(() => undefined);
  useEffect(() => {
    latest.current = { told, isOver };
    wake.current();
  }, [told, isOver]);

  useEffect(() => {
    const leaving = new AbortController();
    const news = (size: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (latest.current.isOver || (latest.current.told ?? 0) > size) resolve();
        };
        wake.current = look;
        look();
      });
    const follow = async () => {
      const lines: string[] = [];
      const decoder = new TextDecoder();
      let rest = "";
      let size = await length(address, leaving.signal);
      const start = Math.max(0, size - keeps);
      let at = start;
      for (let wasOver = false; ; wasOver = latest.current.isOver) {
        // What was told may be older than the end.
        if (wasOver) size = Math.max(size, await length(address, leaving.signal));
        while (at < size) {
          const to = Math.min(at + PART_BYTES, size);
          const answer = await request(address, {
            headers: { range: `bytes=${at}-${to - 1}` },
            signal: leaving.signal,
          });
          const part = new Uint8Array(await answer.arrayBuffer());
          at += part.byteLength;
          const pieces = (rest + decoder.decode(part, { stream: true })).split("\n");
          rest = pieces.pop() ?? "";
          for (const piece of pieces) lines.push(overwritten(piece));
          const isWhole = at >= size;
          // The last line has no end yet; it is shown all the same, and read on when the file grows.
          const shown = isWhole && rest ? [...lines, overwritten(rest)] : lines.slice();
          setState({ lines: shown, size, read: at, start, isReading: !isWhole, error: null });
          if (part.byteLength === 0) break;
        }
        setState((old) => ({ ...old, size, read: at, start, isReading: false }));
        if (wasOver) return;
        await news(size);
        size = Math.max(size, latest.current.told ?? 0);
      }
    };
    follow().catch((error: unknown) => {
      if (!leaving.signal.aborted) setState((old) => ({ ...old, isReading: false, error: error as Error }));
    });
    return () => leaving.abort();
  }, [address, keeps]);

  const readEarlier = useCallback(() => setKeeps((old) => old * 2), []);
  return { ...state, readEarlier };
}

/** How long the file is now; nothing while it is not there yet. */
async function length(address: string, signal: AbortSignal): Promise<number> {
  try {
    const answer = await request(address, { headers: { range: "bytes=0-0" }, signal });
    await answer.arrayBuffer();
    return Number(answer.headers.get("content-range")?.split("/").at(-1) ?? 0);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 416)) return 0;
    throw error;
  }
}

/** What a terminal would show of a line: what follows the last carriage return. */
const overwritten = (line: string): string => {
  const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
  return whole.slice(whole.lastIndexOf("\r") + 1);
};
