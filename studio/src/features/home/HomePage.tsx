import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { assets, someJobs } from "../../api/queries";
import type { Asset, AssetKind, Job } from "../../api/types";
import { useT, type Message } from "../../app/i18n";
import { useWorkspace } from "../../app/workspace";
import { Copy } from "../../ui/Copy";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Status } from "../../ui/Status";
import { When } from "../../ui/time";
import { Guide } from "../guide/Guide";

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
        <NextSteps isNew={recent.data?.length === 0} />
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

function Changed() {
  const t = useT();
  const { scope } = useWorkspace();
  const models = useQuery(assets(scope, "models"));
  const data = useQuery(assets(scope, "data"));
  const all = [
    ...(models.data ?? []).map((asset) => ({ kind: "models" as const, asset })),
    ...(data.data ?? []).map((asset) => ({ kind: "data" as const, asset })),
  ].sort((one, other) => other.asset.systemData.lastModifiedAt.localeCompare(one.asset.systemData.lastModifiedAt));
  return (
    <Section
      title={t("Changed lately")}
      actions={
        <Link to="/assets/$kind" params={{ kind: "models" }}>
          {t("See all")}
        </Link>
      }
    >
      {all.length === 0 ? (
        <Empty>{t("No model or data yet.")}</Empty>
      ) : (
        <ul className="lines">
          {all.slice(0, FEW).map(({ kind, asset }) => (
            <AssetLine key={`${kind}/${asset.name}`} kind={kind} asset={asset} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function AssetLine({ kind, asset }: { kind: AssetKind; asset: Asset }) {
  const t = useT();
  return (
    <li>
      <Link to="/assets/$kind/$name" params={{ kind, name: asset.name }}>
        {asset.name}
      </Link>
      <span className="faint">
        {kind === "models" ? t("Model") : t("Data")} {asset.properties.latestVersion}
      </span>
      <When at={asset.systemData.lastModifiedAt} />
    </li>
  );
}

const STEPS: [Message, string][] = [
  ["Run a job from a file", "smalt job create --file job.yml --stream"],
  ["Register data", "smalt data create --name sales --path ./sales.csv --type uri_file"],
  ["Use the official clients", 'eval "$(smalt env)"'],
];

function NextSteps({ isNew }: { isNew: boolean }) {
  const t = useT();
  return (
    <Section title={isNew ? t("Begin here") : t("Next steps")}>
      <ul className="lines">
        {STEPS.map(([title, command]) => (
          <li key={command} className="step">
            <span>{t(title)}</span>
            <code className="command">{command}</code>
            <Copy text={command} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
