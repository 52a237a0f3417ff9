import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Copy } from "../../ui/Copy";
import { Facts, type Fact } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { money, short } from "../../ui/number";
import { Page } from "../../ui/Page";
import { duration, When } from "../../ui/time";
import { Waterfall } from "../../ui/Waterfall";
import { SpanPanel } from "./SpanPanel";
import { TraceStatus } from "./TraceStatus";
import { trace, type WholeTrace } from "./traces";
import "./traces.css";

/** One trace: its spans over time, and what went into and came out of the one that is chosen. */
export function TracePage() {
  const t = useT();
  const { id } = useParams({ from: "/traces/$id" });
  const found = useQuery(trace(useScope(), id));
  return (
    <Page
      title={found.data?.name || id}
      above={<Link to="/traces">{t("Traces")}</Link>}
      badge={found.data && <TraceStatus of={found.data.status} />}
      actions={<Copy text={id} />}
    >
      <Loaded of={found}>{(whole) => <Whole of={whole} />}</Loaded>
    </Page>
  );
}

function Whole({ of }: { of: WholeTrace }) {
  const t = useT();
  const { span } = useSearch({ from: "/traces/$id" });
  const navigate = useNavigate({ from: "/traces/$id" });
  const chosen =
    of.spans.find(({ id }) => id === span) ?? of.spans.find(({ parent }) => parent === null) ?? of.spans[0];
  const linked = (name: "session" | "flow" | "endpoint", value: string | null) =>
    value && (
      <Link to="/traces" search={{ [name]: value }}>
        {value}
      </Link>
    );
  const facts: Fact[] = [
    [t("Kind"), of.kind],
    [t("Started"), <When key="started" at={of.startedAt} />],
    [t("Duration"), of.seconds !== null && duration(of.seconds, t)],
    [t("Tokens"), of.tokens && `${short(of.tokens.total)} (${of.tokens.prompt} + ${of.tokens.completion})`],
    [t("Cost"), money(of.cost)],
    [t("Flow"), linked("flow", of.flow)],
    [t("Session"), linked("session", of.session)],
    [t("Endpoint"), linked("endpoint", of.endpoint)],
    [t("Deployment"), of.deployment],
    [
      t("Job"),
      of.job && (
        <Link to="/jobs/$name" params={{ name: of.job }}>
          {of.job}
        </Link>
      ),
    ],
    [
      t("Run"),
      of.run && (
        <Link to="/traces" search={{ job: of.run }}>
          {of.run}
        </Link>
      ),
    ],
    [t("Line"), of.line],
  ];
  return (
    <>
      <Facts of={facts} />
      <div className="trace">
        <Waterfall
          spans={of.spans}
          chosen={chosen?.id}
          label={t("Spans")}
          onChoose={({ id }) => void navigate({ search: (old) => ({ ...old, span: id }), replace: true })}
        />
        {chosen && <SpanPanel of={chosen} />}
      </div>
    </>
  );
}
