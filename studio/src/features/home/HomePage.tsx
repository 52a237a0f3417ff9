import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { someJobs } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useWorkspace } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Status } from "../../ui/Status";
import { When } from "../../ui/time";
import { Guide } from "../guide/Guide";
import { Changed } from "./Changed";
import { NextSteps } from "./NextSteps";

const ACTIVE = "NotStarted,Starting,Provisioning,Preparing,Queued,Running,Finalizing,CancelRequested";
const FEW = 8;

/** What is running, what failed, what changed, what to do next. */
export function HomePage() {
  const t = useT();
  const { scope, workspace } = useWorkspace();
  const active = useQuery(someJobs(scope, { status: ACTIVE, $top: FEW }));
  const failed = useQuery(someJobs(scope, { status: "Failed", $top: FEW }));
  const recent = useQuery(someJobs(scope, { $top: FEW }));
  return (
    <Page title={workspace.properties.friendlyName || workspace.name}>
      <Guide isNew={recent.data?.length === 0} />
      <div className="cards">
        <Section
          title={t("Running now")}
          actions={
            <Link to="/jobs" search={{ status: ACTIVE }}>
              {t("See all")}
            </Link>
          }
        >
          <JobList of={active} empty={t("Nothing runs.")} />
        </Section>
        <Section
          title={t("Failed lately")}
          actions={
            <Link to="/jobs" search={{ status: "Failed" }}>
              {t("See all")}
            </Link>
          }
        >
          <JobList of={failed} empty={t("Nothing has failed.")} />
        </Section>
        <Section title={t("Latest jobs")} actions={<Link to="/jobs">{t("See all")}</Link>}>
          <JobList of={recent} empty={t("No job yet.")} />
        </Section>
        <Changed />
        <NextSteps jobs={recent.data} />
      </div>
    </Page>
  );
}

function JobList({ of, empty }: { of: ReturnType<typeof useQuery<Job[]>>; empty: string }) {
  return (
    <Loaded of={of}>
      {(jobs) =>
        jobs.length === 0 ? (
          <Empty>{empty}</Empty>
        ) : (
          <ul className="lines">
            {jobs.map((job) => (
              <li key={job.name}>
                <Link to="/jobs/$name" params={{ name: job.name }}>
                  {job.properties.displayName}
                </Link>
                <Status of={job.properties.status} />
                <When at={job.systemData.createdAt} />
                {job.properties.status === "Failed" && job.properties.error?.message && (
                  <span className="reason">{job.properties.error.message}</span>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
