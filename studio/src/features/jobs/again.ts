/** A job that is submitted once more, as it was or with other values. */
import { json } from "../../api/client";
import type { Job, JobProperties } from "../../api/types";
import { cloneName } from "./names";

/** What of a job is its own and not of one that is submitted anew. */
const OWN = ["status", "services", "error", "isArchived", "parentJobName"];
/** Of the notes that are kept with a job, those that say what it runs; others are of the one time it ran. */
const OF_WHAT_IT_RUNS = /^smalt\.(flow|evaluates|notebookPath)/;

/** The job as it would be submitted again. */
export function draftOf(job: Job): JobProperties {
  const kept = Object.entries(job.properties).filter(([key]) => !OWN.includes(key));
  const notes = Object.entries(job.properties.properties).filter(([key]) => OF_WHAT_IT_RUNS.test(key));
  return { ...(Object.fromEntries(kept) as JobProperties), properties: Object.fromEntries(notes) };
}

/** Submit it under a name that tells where it comes from. */
export const submitAgain = (scope: string, from: string, properties: JobProperties): Promise<Job> =>
  json<Job>(`${scope}/jobs/${cloneName(from)}`, { method: "PUT", body: { properties } });

/** Submit a pipeline once more; steps that have completed are kept. */
export const goOn = (scope: string, name: string): Promise<Job> =>
  json<Job>(`${scope}/jobs/${encodeURIComponent(name)}/rerun`, { method: "POST", body: { from: "failed" } });
