import { Link } from "@tanstack/react-router";
import type { Failure, NodeRun } from "../../api/flows";
import { messageOf } from "../../api/flows";
import { useT } from "../../app/i18n";
import { money } from "../../ui/number";
import { Status } from "../../ui/Status";
import { duration } from "../../ui/time";
import { Value } from "./Value";

/** What a node was given and answered, or why it failed. */
export function NodeResult({ of }: { of: NodeRun }) {
  const t = useT();
  return (
    <div className="node-result">
      <div className="row wrap">
        <Status of={of.status} />
        {of.seconds !== null && <span className="faint">{duration(of.seconds, t)}</span>}
        {of.tokens && <span className="faint">{t("{count} tokens", { count: of.tokens.total })}</span>}
        {Boolean(of.cost) && <span className="faint">{money(of.cost ?? null)}</span>}
      </div>
      {of.error ? (
        <FailureText of={of.error} />
      ) : (
        <Value of={of.output} label={t("Output of {name}", { name: of.node })} />
      )}
      <details>
        <summary>{t("Inputs")}</summary>
        <Value of={of.inputs} label={t("Inputs of {name}", { name: of.node })} />
      </details>
      {of.logs && (
        <details>
          <summary>{t("Logs")}</summary>
          <Value of={of.logs} label={t("Logs of {name}", { name: of.node })} />
        </details>
      )}
    </div>
  );
}

export function FailureText({ of }: { of: Failure }) {
  const t = useT();
  const trace = typeof of === "string" ? null : of.traceback;
  return (
    <>
      <p className="reason">{messageOf(of)}</p>
      {trace && (
        <details>
          <summary>{t("Traceback")}</summary>
          <Value of={trace} label={t("Traceback")} />
        </details>
      )}
    </>
  );
}

/** The way to everything that is known of a try. */
export function LinkToRun({ flow, job }: { flow: string; job: string }) {
  const t = useT();
  return (
    <Link to="/flows/$name/runs/$job" params={{ name: flow, job }} search={{ line: "0" }}>
      {t("Trace")}
    </Link>
  );
}
