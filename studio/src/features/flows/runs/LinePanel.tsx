import { Button } from "@fluentui/react-components";
import { Dismiss20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { flowLine, type FlowSpan, type LineDetail } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Facts } from "../../../ui/Facts";
import { Loaded } from "../../../ui/Loaded";
import { money } from "../../../ui/number";
import type { Span } from "../../../ui/spans";
import { duration } from "../../../ui/time";
import { Waterfall } from "../../../ui/Waterfall";
import { FailureText, NodeResult } from "../NodeResult";
import { Value } from "../Value";
import { tokensText } from "./FlowRunPage";

interface Props {
  job: string;
  line: number;
  onClose: () => void;
}

/** Everything that happened to one line. */
export function LinePanel({ job, line, onClose }: Props) {
  const t = useT();
  const found = useQuery(flowLine(useScope(), job, line));
  return (
    <aside className="panel line-panel" aria-label={t("Line {number}", { number: line })}>
      <div className="panel-head">
        <h2>{t("Line {number}", { number: line })}</h2>
        <Button appearance="subtle" icon={<Dismiss20Regular />} aria-label={t("Close")} onClick={onClose} />
      </div>
      <Loaded of={found}>{(detail) => <Detail of={detail} />}</Loaded>
    </aside>
  );
}

/** Seconds since the epoch, with the microseconds that a Date leaves out. */
function secondsOf(moment: string): number {
  const fraction = /\.\d+/.exec(moment)?.[0] ?? "0";
  return Math.floor(Date.parse(moment) / 1000) + Number(fraction);
}

interface Shown extends Span {
  of: FlowSpan;
}

const spanOf = (span: FlowSpan): Shown => ({
  ...span,
  start: secondsOf(span.start),
  end: span.end === null ? null : secondsOf(span.end),
  status: /error|failed/i.test(span.status) ? "ERROR" : span.status,
  of: span,
});

function Detail({ of }: { of: LineDetail }) {
  const t = useT();
  const spans = useMemo(() => of.spans.map(spanOf), [of.spans]);
  const [chosen, setChosen] = useState<string>();
  const span = spans.find(({ id }) => id === chosen);
  return (
    <>
      <Facts
        of={[
          [t("Duration"), of.seconds !== null && duration(of.seconds, t)],
          [t("Tokens"), of.tokens && of.tokens.total > 0 && tokensText(of.tokens)],
        ]}
      />
      {of.error && <FailureText of={of.error} />}
      {spans.length > 0 && (
        <>
          <h3>{t("Trace")}</h3>
          <Waterfall spans={spans} chosen={chosen} onChoose={({ id }) => setChosen(id)} label={t("Trace")} />
          {span && <SpanDetail of={span.of} seconds={(span.end ?? span.start) - span.start} />}
        </>
      )}
      <h3>{t("Inputs")}</h3>
      <Value of={of.inputs} label={t("Inputs")} />
      <h3>{t("Outputs")}</h3>
      <Value of={of.outputs} label={t("Outputs")} />
      {of.logs && (
        <details>
          <summary>{t("Logs")}</summary>
          <Value of={of.logs} label={t("Logs")} />
        </details>
      )}
      <h3>{t("Nodes")}</h3>
      {of.nodes.map((node) => (
        <details key={node.node} open={node.error !== null}>
          <summary>{node.node}</summary>
          <NodeResult of={node} />
        </details>
      ))}
    </>
  );
}

function SpanDetail({ of, seconds }: { of: FlowSpan; seconds: number }) {
  const t = useT();
  return (
    <section className="node-result" aria-label={of.name}>
      <Facts
        of={[
          [t("Name"), of.name],
          [t("Type"), of.kind],
          [t("Duration"), duration(seconds, t)],
          [t("Tokens"), of.tokens && tokensText(of.tokens)],
          [t("Cost"), money(of.cost ?? null)],
        ]}
      />
      <h3>{t("Inputs")}</h3>
      <Value of={of.inputs} label={t("Inputs of {name}", { name: of.name })} />
      <h3>{t("Output")}</h3>
      <Value of={of.output} label={t("Output of {name}", { name: of.name })} />
      <details>
        <summary>{t("Attributes")}</summary>
        <Value of={of.attributes} label={t("Attributes")} />
      </details>
    </section>
  );
}
