import { useT } from "../../app/i18n";
import { Facts } from "../../ui/Facts";
import { money, short } from "../../ui/number";
import { duration } from "../../ui/time";
import { written, type TraceSpan } from "./traces";

/** What one span says. */
export function SpanPanel({ of }: { of: TraceSpan }) {
  const t = useT();
  return (
    <section className="span-panel" aria-label={of.name}>
      <h2>{of.name}</h2>
      {of.message && <p className="reason">{of.message}</p>}
      <Facts
        of={[
          [t("Kind"), of.kind],
          [t("Model"), of.model],
          [t("Duration"), of.end !== null && duration(of.end - of.start, t)],
          [t("Tokens"), of.tokens && `${short(of.tokens.total)} (${of.tokens.prompt} + ${of.tokens.completion})`],
          [t("Cost"), money(of.cost ?? null)],
        ]}
      />
      <Content title={t("Inputs")} of={of.inputs} isOpen />
      <Content title={t("Output")} of={of.output} isOpen />
      {of.events.length > 0 && <Content title={t("Events")} of={of.events} />}
      <Content title={t("Attributes")} of={of.attributes} />
    </section>
  );
}

function Content({ title, of, isOpen = false }: { title: string; of: unknown; isOpen?: boolean }) {
  if (of === null || of === undefined) return null;
  return (
    <details open={isOpen}>
      <summary>{title}</summary>
      <pre tabIndex={0} aria-label={title}>
        {written(of)}
      </pre>
    </details>
  );
}
