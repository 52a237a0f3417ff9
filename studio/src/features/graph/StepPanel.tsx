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
import { LogTail } from "../jobs/LogTail";
import { PortValue } from "../jobs/PortValue";
import { hasInside, isSweep } from "./layout";
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
      {hasInside(step) && (
        <Button icon={<Open20Regular />} onClick={onEnter}>
          {isSweep(step) ? t("Trials") : t("Look inside")}
        </Button>
      )}
      {step.job && <StepJob key={step.job} name={step.job} hasLog={!hasInside(step)} />}
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

function StepJob({ name, hasLog }: { name: string; hasLog: boolean }) {
  const t = useT();
  const found = useQuery(jobQuery(useScope(), name));
  return (
    <>
      <p className="row wrap">
        {hasLog && (
          <Link to="/jobs/$name" params={{ name }} search={{ tab: "logs" }}>
            {t("Logs")}
          </Link>
        )}
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
            <Ports title={t("Inputs")} of={job} side="inputs" />
            <Ports title={t("Outputs")} of={job} side="outputs" />
            {hasLog && <LogTail job={job} />}
          </>
        )}
      </Loaded>
    </>
  );
}

function Ports({ title, of: job, side }: { title: string; of: Job; side: "inputs" | "outputs" }) {
  const all = Object.entries(job.properties[side] ?? {});
  if (all.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Facts of={all.map(([name, port]): Fact => [name, <PortValue job={job} name={name} port={port} />])} />
    </>
  );
}
