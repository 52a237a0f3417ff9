import { Link } from "@tanstack/react-router";
import type { Job } from "../api/types";

/** What a job is called, as the way to it, over its name. */
export function JobName({ job }: { job: Job }) {
  return (
    <span className="two-lines">
      <Link to="/jobs/$name" params={{ name: job.name }}>
        {job.properties.displayName}
      </Link>
      {job.properties.displayName !== job.name && <span className="faint">{job.name}</span>}
    </span>
  );
}
