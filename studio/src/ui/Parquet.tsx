import { useQuery } from "@tanstack/react-query";
import { gunzipSync } from "fflate";
import {
  asyncBufferFromUrl,
  cachedAsyncBuffer,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { decompress as unpackZstd } from "fzstd";
import type { StoredFile } from "../api/types";
import { useT } from "../app/i18n";
import { Loaded } from "./Loaded";
import { Sheet } from "./Sheet";

const MOST_ROWS = 200;
const MOST_COLUMNS = 100;
/** Snappy is read by the library itself. Brotli and LZ4 are not: hardly anybody writes them. */
const CODECS = {
  GZIP: (input: Uint8Array) => gunzipSync(input),
  ZSTD: (input: Uint8Array) => unpackZstd(input),
};

interface Found {
  columns: string[];
  rows: Record<string, unknown>[];
  count: number;
}

/** The first rows of a Parquet file. Only its end and what holds these rows is read. */
export default function Parquet({ file }: { file: StoredFile }) {
  const t = useT();
  const found = useQuery({
    queryKey: ["parquet", file.url, file.modifiedAt],
    queryFn: () => read(file),
    retry: false,
  });
  return (
    <Loaded of={found}>
      {({ columns, rows, count }) => (
        <>
          <p className="faint">
            {t("{shown} of {count} rows, {columns} columns", { shown: rows.length, count, columns: columns.length })}
          </p>
          <Sheet
            label={file.name}
            columns={columns.slice(0, MOST_COLUMNS)}
            rows={rows.map((cells) => columns.slice(0, MOST_COLUMNS).map((name) => shown(cells[name])))}
            most={MOST_ROWS}
          />
        </>
      )}
    </Loaded>
  );
}

async function read(file: StoredFile): Promise<Found> {
  const url = new URL(file.url ?? "", location.href).href;
  const buffer = cachedAsyncBuffer(await asyncBufferFromUrl({ url, byteLength: file.size }));
  const metadata = await parquetMetadataAsync(buffer);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const options = { file: buffer, metadata, compressors: CODECS, rowStart: 0, rowEnd: MOST_ROWS };
  const rows = await parquetReadObjects({ ...options, columns: columns.slice(0, MOST_COLUMNS) });
  return { columns, rows, count: Number(metadata.num_rows) };
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `${value.length} B`;
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
}
