import { Button } from "@fluentui/react-components";
import { Dismiss20Regular, Open20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { job as jobQuery } from "../../api/queries";
import type { Job, Step } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { AssetLink } from "../../ui/AssetLink";
import { Facts, type Fact } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { Status } from "../../ui/Status";
import { termOf } from "../../ui/terms";
import { duration, When } from "../../ui/time";
import { reasonOf } from "./reasons";

interface Props {
  step: Step;
  onEnter: () => void;
  onClose: () => void;
}

/** One step: how it stands, why it ran or was taken over, what goes in and out. */
export function StepPanel({ step, onEnter, onClose }: Props) {
  const t = useT();
  const error = typeof step.error === "string" ? step.error : step.error?.message;
  return (
    <aside className="panel" aria-label={step.displayName}>
      <div className="panel-head">
        <h2>{step.displayName}</h2>
        <Button appearance="subtle" icon={<Dismiss20Regular />} aria-label={t("Close")} onClick={onClose} />
      </div>
      <Facts
        of={[
          [t("Status"), <Status key="status" of={step.status} />],
          [t("Type"), termOf(step.type, t)],
          [t("Started"), step.startedAt && <When at={step.startedAt} />],
          [t("Duration"), step.durationSeconds !== null && duration(step.durationSeconds, t)],
          [t("Attempt"), step.attempt > 1 && step.attempt],
          [step.reuse.reused ? t("Why it was reused") : t("Why it ran"), reasonOf(step.reuse.reason, t)],
          [t("Taken from"), step.reuse.from && <AssetLink id={`/jobs/${step.reuse.from}`} />],
          [t("Why it failed"), error && <span className="reason">{error}</span>],
        ]}
      />
      {step.steps.length > 0 && (
        <Button icon={<Open20Regular />} onClick={onEnter}>
          {t("Look inside")}
        </Button>
      )}
      {step.job && <StepJob name={step.job} />}
      {step.iterations.length > 0 && (
        <>
          <h3>{t("Iterations")}</h3>
          <ul className="lines">
            {step.iterations.map((each) => (
              <li key={each.iteration}>
                {each.job ? (
                  <Link to="/jobs/$name" params={{ name: each.job }}>
                    {each.iteration}
                  </Link>
                ) : (
                  each.iteration
                )}
                <Status of={each.status} />
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}

function StepJob({ name }: { name: string }) {
  const t = useT();
  const found = useQuery(jobQuery(useScope(), name));
  return (
    <>
      <p className="row wrap">
        <Link to="/jobs/$name" params={{ name }} search={{ tab: "logs" }}>
          {t("Logs")}
        </Link>
        <Link to="/jobs/$name" params={{ name }} search={{ tab: "outputs" }}>
          {t("Outputs")}
        </Link>
        <Link to="/jobs/$name" params={{ name }}>
          {t("Open the job")}
        </Link>
      </p>
      <Loaded of={found}>
        {(job) => (
          <>
            <h3>{t("Inputs")}</h3>
            <Facts of={ports(job, "inputs")} />
            <h3>{t("Outputs")}</h3>
            <Facts of={ports(job, "outputs")} />
          </>
        )}
      </Loaded>
    </>
  );
}

const ports = (job: Job, side: "inputs" | "outputs"): Fact[] =>
  Object.entries(job.properties[side] ?? {}).map(([name, port]) => [
    name,
    port.value ?? (port.uri ? <AssetLink id={port.uri} /> : (port.jobOutputType ?? port.jobInputType ?? "")),
  ]);
