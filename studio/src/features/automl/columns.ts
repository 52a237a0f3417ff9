import { queryOptions } from "@tanstack/react-query";
import { request } from "../../api/client";
import { files, versions } from "../../api/queries";
import type { QueryClient } from "@tanstack/react-query";
import { csv } from "../../ui/csv";

const HEAD_BYTES = 32 * 1024;
const SEPARATORS: Record<string, string> = { csv: ",", tsv: "\t" };

const ASSET = /^azureml:([^:/]+):(.+)$/;

/** The type of a data asset of the workspace; whatever else is named is taken for a file. */
export async function typeOf(client: QueryClient, scope: string, uri: string): Promise<string> {
  const [, name, version] = ASSET.exec(uri) ?? [];
  if (!name) return uri.endsWith("/") ? "mltable" : "uri_file";
  const known = await client.fetchQuery(versions(scope, "data", name));
  const type = known.find((each) => each.name === version)?.properties.dataType;
  return typeof type === "string" ? type : "mltable";
}

/** The columns of the first file of separated values behind a reference; none where there is no such file. */
export const columns = (client: QueryClient, scope: string, uri: string) =>
  queryOptions({
    queryKey: ["columns", scope, uri],
    queryFn: async ({ signal }) => {
      const [, name, version] = ASSET.exec(uri) ?? [];
      const place = name ? `${scope}/data/${name}/versions/${version}` : uri;
      const found = await client.fetchQuery(files(scope, place));
      const file = found.find(({ name: each, isFolder }) => !isFolder && ending(each) in SEPARATORS);
      if (!file?.url || !file.size) return [];
      const headers = { range: `bytes=0-${Math.min(file.size, HEAD_BYTES) - 1}` };
      const text = await (await request(file.url, { headers, signal })).text();
      return csv(text, SEPARATORS[ending(file.name)])[0] ?? [];
    },
    enabled: uri !== "",
    retry: false,
  });

const ending = (name: string): string => name.split(".").at(-1)?.toLowerCase() ?? "";
