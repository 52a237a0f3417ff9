import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { request } from "../../api/client";
import { ENDED, type Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { Ansi } from "../../ui/Ansi";
import { useLogs } from "./useLogs";
import "../../ui/output.css";

const MOST_BYTES = 4096;
const MOST_LINES = 20;
const PAUSE_MS = 1000;

/** The last lines of what a job has printed, live while it runs; nothing where it has printed nothing. */
export function LogTail({ job }: { job: Job }) {
  const t = useT();
  const { found, sizes } = useLogs(job.name, ENDED.has(job.properties.status));
  const file = Object.keys(found.data ?? {}).find((each) => each.endsWith("std_log.txt"));
  const address = file === undefined ? undefined : new URL(found.data?.[file] ?? "").pathname;
  const client = useQueryClient();
  const text = useQuery({
    queryKey: ["logtail", address],
    queryFn: ({ signal }) => endOf(address ?? "", signal),
    enabled: address !== undefined,
    retry: false,
  });
  const waits = useRef<number>(undefined);
  const size = file === undefined ? 0 : sizes[file];
  useEffect(() => {
    // A log may grow many times a second: it is read at its own pace, and what is being read is read to its end.
    waits.current ??= window.setTimeout(() => {
      waits.current = undefined;
      void client.invalidateQueries({ queryKey: ["logtail", address] }, { cancelRefetch: false });
    }, PAUSE_MS);
  }, [client, address, size, job.properties.status]);
  useEffect(() => () => window.clearTimeout(waits.current), []);
  const lines = (text.data ?? "").trimEnd().split("\n").slice(-MOST_LINES).join("\n");
  if (!lines) return null;
  return (
    <>
      <h3>{t("Last lines of the log")}</h3>
      <pre className="output" tabIndex={0}>
        <Ansi text={lines} />
      </pre>
    </>
  );
}

/** The end of a file. An empty one has no part that could be asked for. */
async function endOf(address: string, signal: AbortSignal): Promise<string> {
  const size = Number((await request(address, { method: "HEAD", signal })).headers.get("content-length") ?? 0);
  if (size === 0) return "";
  const range = `bytes=${Math.max(0, size - MOST_BYTES)}-${size - 1}`;
  return (await request(address, { headers: { range }, signal })).text();
}
