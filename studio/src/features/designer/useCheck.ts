import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ApiError, json } from "../../api/client";
import { useScope } from "../../app/workspace";
import type { Draft } from "./drafts";
import { resolved } from "./files";
import type { StepPorts } from "./pipeline";
import { flaw } from "./yaml";

export interface Flaw {
  place: string;
  message: string;
  line: number;
}

export interface Checked {
  problems: Flaw[];
  warnings: Flaw[];
  steps: Record<string, StepPorts>;
  /** What is sent to submit it; null while it cannot be read. */
  body: { properties: Record<string, unknown> } | null;
}

const PAUSE_MS = 400;
const NOTHING: Checked = { problems: [], warnings: [], steps: {}, body: null };

export const check = (scope: string, kind: Draft["kind"], yaml: string) =>
  queryOptions({
    queryKey: ["pipelinecheck", scope, kind, yaml],
    queryFn: async ({ signal }): Promise<Checked> => {
      try {
        return await json<Checked>(`${scope}/smalt/pipelines/check`, { method: "POST", body: { kind, yaml }, signal });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 400) throw error;
        return { ...NOTHING, problems: [{ place: "", message: error.message, line: 1 }] };
      }
    },
    gcTime: 60_000,
  });

/** What the server says of a draft, a moment after the last change. */
export function useCheck(draft: Draft) {
  const scope = useScope();
  const [{ id, text, files, path }, setSettled] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(draft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft.text, draft.files]);
  const yaml = useMemo(
    () => (flaw(text) === null ? resolved({ id, text, files, path }) : text),
    [id, text, files, path],
  );
  const found = useQuery({ ...check(scope, draft.kind, yaml), placeholderData: keepPreviousData });
  return { ...found, checked: found.data ?? NOTHING };
}

export interface PlaceOfFlaw {
  /** Steps it is inside of. */
  way: string[];
  step?: string;
  field: string;
}

/** The step that a problem is in, and which field of it. */
export function placeOfFlaw(place: string): PlaceOfFlaw {
  let rest = place.split(".");
  const way: string[] = [];
  let step: string | undefined;
  while (rest[0] === "jobs" && rest.length > 1) {
    if (step !== undefined) way.push(step);
    step = rest[1];
    rest = rest.slice(2);
    if (rest[0] === "component" && rest[1] === "jobs") rest = rest.slice(1);
  }
  return { way, step, field: rest.join(".") };
}
