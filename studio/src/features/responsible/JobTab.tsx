import type { TabProps } from "../jobs/JobPage";
import { ResponsibleTab } from "./ResponsibleTab";

/** The dashboard that a pipeline has made. */
export default function JobTab({ job }: TabProps) {
  return <ResponsibleTab job={job.name} />;
}
