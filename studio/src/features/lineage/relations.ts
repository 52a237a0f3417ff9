import { queryOptions } from "@tanstack/react-query";
import { json, query } from "../../api/client";
import type { Relations } from "./drawn";

/** Where something comes from, and what has become of it. */
export const relations = (scope: string, kind: string, name: string, version?: string) =>
  queryOptions({
    // What becomes of something is told as changes of jobs.
    queryKey: ["jobs", scope, "", "relations", kind, name, version],
    queryFn: ({ signal }) => json<Relations>(`${scope}/smalt/lineage${query({ kind, name, version })}`, { signal }),
  });
