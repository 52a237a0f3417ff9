import { queryOptions, useQuery } from "@tanstack/react-query";
import { request } from "../../../api/client";
import { files } from "../../../api/queries";
import type { StoredFile } from "../../../api/types";
import { useScope } from "../../../app/workspace";
import { csv } from "../../../ui/csv";

const MOST_BYTES = 65_536;
const READABLE = /\.(jsonl|json|csv|tsv)$/i;

const columns = (file: StoredFile | undefined) =>
  queryOptions({
    queryKey: ["columns", file?.url],
    queryFn: async ({ signal }) => {
      const headers = { range: `bytes=0-${Math.max(1, Math.min(file?.size ?? MOST_BYTES, MOST_BYTES)) - 1}` };
      const answer = await request(file?.url ?? "", { headers, signal });
      return columnsOf(file?.name ?? "", await answer.text());
    },
    enabled: Boolean(file?.url),
  });

/** The names of the columns of a data asset, read from the beginning of its first file. */
export function useColumns(uri: string): string[] {
  const scope = useScope();
  const listed = useQuery({ ...files(scope, uri), enabled: uri !== "", retry: false });
  const found = useQuery(columns(listed.data?.find(({ name, isFolder }) => !isFolder && READABLE.test(name))));
  return found.data ?? [];
}

function columnsOf(name: string, text: string): string[] {
  if (/\.csv$/i.test(name)) return csv(text, ",")[0] ?? [];
  if (/\.tsv$/i.test(name)) return csv(text, "\t")[0] ?? [];
  try {
    const first = (
      text.trimStart().startsWith("[") ? (JSON.parse(text) as unknown[])[0] : JSON.parse(text.split("\n")[0])
    ) as unknown;
    return typeof first === "object" && first !== null ? Object.keys(first) : [];
  } catch {
    return [];
  }
}
