import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { request } from "../api/client";
import type { StoredFile } from "../api/types";
import { useT } from "../app/i18n";
import { csv } from "./csv";
import { Drawing } from "./Drawing";
import { Empty } from "./Empty";
import { Loaded } from "./Loaded";
import { Sheet } from "./Sheet";
import { readSplitTable } from "./splitTable";
import { Waiting } from "./Waiting";

const Code = lazy(() => import("./Code"));
const Markdown = lazy(() => import("./Markdown"));
const Notebook = lazy(() => import("./Notebook"));
const Parquet = lazy(() => import("./Parquet"));

const IMAGES = new Set(["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg"]);
const TABLES: Record<string, string> = { csv: ",", tsv: "\t" };
const BINARY = new Set([
  "pkl",
  "pickle",
  "bin",
  "pt",
  "pth",
  "onnx",
  "npy",
  "npz",
  "zip",
  "gz",
  "tar",
  "whl",
  "joblib",
  "h5",
  "safetensors",
]);
const MOST_BYTES = 512 * 1024;
/** Pictures stand in notebooks, and half of one cannot be read. */
const MOST_NOTEBOOK_BYTES = 16 * 1024 * 1024;
const MOST_ROWS = 500;

const ending = (name: string) => name.split(".").at(-1)?.toLowerCase() ?? "";

export const isImage = (name: string): boolean => IMAGES.has(ending(name));
export const isTable = (name: string): boolean => ending(name) in TABLES;

/** The beginning of a file, shown as what it is. Nothing in it is executed. */
export function FilePreview({ file }: { file: StoredFile }) {
  const t = useT();
  const kind = ending(file.name);
  if (kind === "svg") return <Drawing file={file} />;
  if (IMAGES.has(kind)) return <img className="preview-image" src={file.url} alt={file.name} />;
  if (kind === "parquet") {
    return (
      <Suspense fallback={<Waiting />}>
        <Parquet file={file} />
      </Suspense>
    );
  }
  if (BINARY.has(kind)) return <Empty>{t("No preview of this kind of file. Download it.")}</Empty>;
  return <TextPreview file={file} kind={kind} />;
}

function TextPreview({ file, kind }: { file: StoredFile; kind: string }) {
  const t = useT();
  const size = file.size ?? 0;
  const most = kind === "ipynb" ? MOST_NOTEBOOK_BYTES : MOST_BYTES;
  const text = useQuery({
    queryKey: ["file", file.url, file.modifiedAt],
    queryFn: async ({ signal }) => {
      if (size === 0) return "";
      const headers = { range: `bytes=0-${Math.min(size, most) - 1}` };
      return (await request(file.url ?? "", { headers, signal })).text();
    },
  });
  return (
    <Loaded of={text}>
      {(found) => (
        <>
          {size > most && <p className="faint">{t("The beginning of the file:")}</p>}
          <TextBody text={found} kind={kind} name={file.name} isWhole={size <= most} />
        </>
      )}
    </Loaded>
  );
}

function TextBody({ text, kind, name, isWhole }: { text: string; kind: string; name: string; isWhole: boolean }) {
  const t = useT();
  if (text.includes("\u0000")) return <Empty>{t("No preview of this kind of file. Download it.")}</Empty>;
  if (kind in TABLES) return <CsvTable rows={wholeRows(csv(text, TABLES[kind]), isWhole)} label={name} />;
  if (kind === "ipynb" || kind === "md") {
    return (
      <Suspense fallback={<Waiting />}>{kind === "md" ? <Markdown text={text} /> : <Notebook text={text} />}</Suspense>
    );
  }
  const table = kind === "json" && isWhole ? readSplitTable(text) : null;
  if (table) return <Sheet label={name} columns={table.columns} rows={table.rows} most={MOST_ROWS} />;
  const shown = kind === "json" && isWhole ? pretty(text) : text;
  return (
    <Suspense fallback={<Waiting />}>
      <Code text={shown} name={name} label={name} />
    </Suspense>
  );
}

/** The last row of a beginning may be cut in two. */
const wholeRows = (rows: string[][], isWhole: boolean): string[][] => (isWhole ? rows : rows.slice(0, -1));

function CsvTable({ rows, label }: { rows: string[][]; label: string }) {
  const [head = [], ...body] = rows;
  return <Sheet label={label} columns={head} rows={body} most={MOST_ROWS} />;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
