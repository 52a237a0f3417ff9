import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { request } from "../../api/client";
import { ENDED, type Job } from "../../api/types";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";

export interface Changes {
  displayName?: string;
  description?: string;
  tags?: Record<string, string | null>;
  hidden?: boolean;
}

/** What can be done to jobs. Failures are told where they happen. */
export function useJobActions() {
  const scope = useScope();
  const client = useQueryClient();
  return useMemo(() => {
    const seen = (name: string) => client.invalidateQueries({ queryKey: ["jobs", scope, name] });
    const tell = (error: unknown) => showNotice("error", error instanceof Error ? error.message : String(error));

    const change = async (name: string, changes: Changes) => {
      const path = `/history/v1.0${scope}/runs/${encodeURIComponent(name)}`;
      await request(path, { method: "PATCH", body: changes }).catch(tell);
      await seen(name);
    };
    const cancel = async (name: string) => {
      await request(`${scope}/jobs/${encodeURIComponent(name)}/cancel`, { method: "POST", body: {} }).catch(tell);
      await seen(name);
    };
    return {
      change,
      cancel,
      cancelAll: async (jobs: Job[]) => {
        for (const job of jobs.filter((each) => !ENDED.has(each.properties.status))) await cancel(job.name);
      },
      tagAll: async (jobs: Job[], tags: Record<string, string | null>) => {
        for (const job of jobs) await change(job.name, { tags });
      },
      archiveAll: async (jobs: Job[], hidden: boolean) => {
        for (const job of jobs.filter((each) => ENDED.has(each.properties.status))) await change(job.name, { hidden });
      },
    };
  }, [client, scope]);
}
