import { Button, Select } from "@fluentui/react-components";
import { ClipboardCheckmark20Regular } from "@fluentui/react-icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { flowLines, flowRun, type FlowLine, type FlowRun, messageOf } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { AssetLink } from "../../../ui/AssetLink";
import { Empty } from "../../../ui/Empty";
import { Facts } from "../../../ui/Facts";
import { Loaded } from "../../../ui/Loaded";
import { LongTable, type LongColumn } from "../../../ui/LongTable";
import { money, short } from "../../../ui/number";
import { Page } from "../../../ui/Page";
import { Problem } from "../../../ui/Problem";
import { Section } from "../../../ui/Section";
import { Status } from "../../../ui/Status";
import { duration, When } from "../../../ui/time";
import { Waiting } from "../../../ui/Waiting";
import { FailureText, NodeResult } from "../NodeResult";
import { useLiveRun } from "../useTests";
import { textOfValue } from "../values";
import { variantName } from "../words";
import { EvaluateForm } from "./EvaluateForm";
import { LinePanel } from "./LinePanel";
import { LineCount } from "./RunsTab";
import "../flows.css";

/** One run of a flow: how it fares, its metrics, its lines, and of a line everything that happened. */
export function FlowRunPage() {
  const { job } = useParams({ from: "/flows/$name/runs/$job" });
  const found = useQuery(flowRun(useScope(), job));
  // The job tells its run how many lines have ended, and open pages hear of that.
  useLiveRun(job);
  return <Loaded of={found}>{(run) => <Shown key={run.job} run={run} />}</Loaded>;
}

function Shown({ run }: { run: FlowRun }) {
  const t = useT();
  const { name } = useParams({ from: "/flows/$name/runs/$job" });
  const { line, status = "", evaluate } = useSearch({ from: "/flows/$name/runs/$job" });
  const navigate = useNavigate({ from: "/flows/$name/runs/$job" });
  const set = (next: { line?: string; status?: string; evaluate?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  return (
    <Page
      title={run.displayName || run.job}
      above={
        <>
          <Link to="/flows">{t("Prompt flow")}</Link> /{" "}
          <Link to="/flows/$name" params={{ name }} search={{ tab: "runs" }}>
            {name}
          </Link>
        </>
      }
      badge={<Status of={run.status} />}
      actions={
        <>
          <Button icon={<ClipboardCheckmark20Regular />} onClick={() => set({ evaluate: "yes" })}>
            {t("Evaluate")}
          </Button>
          <Link to="/jobs/$name" params={{ name: run.job }}>
            {t("Open the job")}
          </Link>
        </>
      }
    >
      {evaluate && <EvaluateForm run={run} onClose={() => set({ evaluate: undefined })} />}
      {run.error && <FailureText of={run.error} />}
      <div className="columns">
        <Section title={t("Properties")}>
          <Facts
            of={[
              [t("Version"), run.version],
              [t("Variant"), variantName(run.variant)],
              // What was typed for a try lies in a file that nobody has named.
              [t("Data"), !run.test && run.data && <AssetLink key="data" id={run.data} />],
              [t("Evaluated run"), run.evaluates && <AssetLink id={`/jobs/${run.evaluates}`} />],
              [t("Lines"), <LineCount key="lines" run={run} />],
              [t("Tokens"), run.tokens && run.tokens.total > 0 && tokensText(run.tokens)],
              [t("Cost"), money(run.cost)],
              [t("Created"), <When key="at" at={run.createdAt} />],
              [t("Created by"), run.createdBy],
            ]}
          />
        </Section>
        {Object.keys(run.metrics).length > 0 && (
          <Section title={t("Metrics")}>
            <Facts of={Object.entries(run.metrics).map(([key, value]) => [key, short(value)])} />
          </Section>
        )}
      </div>
      {run.aggregations && run.aggregations.length > 0 && (
        <Section title={t("Once over all lines")}>
          {run.aggregations.map((node) => (
            <details key={node.node} open={node.error !== null}>
              <summary>{node.node}</summary>
              <NodeResult of={node} />
            </details>
          ))}
        </Section>
      )}
      <div className="filters">
        <Select
          aria-label={t("Status")}
          value={status}
          onChange={(_, { value }) => set({ status: value || undefined })}
        >
          <option value="">{t("Any status")}</option>
          <option value="Completed">{t("Completed")}</option>
          <option value="Failed">{t("Failed")}</option>
        </Select>
      </div>
      <div className="flow-run">
        <Lines run={run} status={status} onOpen={(number) => set({ line: String(number) })} />
        {line !== undefined && (
          <LinePanel key={line} job={run.job} line={Number(line)} onClose={() => set({ line: undefined })} />
        )}
      </div>
    </Page>
  );
}

export const tokensText = (tokens: { prompt: number; completion: number; total: number }): string =>
  `${tokens.total} (${tokens.prompt} + ${tokens.completion})`;

function Lines({ run, status, onOpen }: { run: FlowRun; status: string; onOpen: (line: number) => void }) {
  const t = useT();
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    flowLines(useScope(), run.job, status),
  );
  const rows = useMemo(() => data?.pages.flatMap(({ value }) => value), [data]);
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  const names = useMemo(() => {
    return {
      inputs: [...new Set((rows ?? []).slice(0, 20).flatMap(({ inputs }) => Object.keys(inputs ?? {})))],
      outputs: [...new Set((rows ?? []).slice(0, 20).flatMap(({ outputs }) => Object.keys(outputs ?? {})))],
    };
  }, [rows]);
  const columns: LongColumn<FlowLine>[] = [
    {
      key: "line",
      title: t("Line"),
      width: "5rem",
      cell: ({ line }) => (
        <button type="button" className="link" onClick={() => onOpen(line)}>
          {line}
        </button>
      ),
    },
    { key: "status", title: t("Status"), width: "7.5rem", cell: (line) => <Status of={line.status} /> },
    ...names.inputs.map((name): LongColumn<FlowLine> => ({
      key: `inputs.${name}`,
      title: name,
      width: "minmax(8rem, 1fr)",
      cell: ({ inputs }) => textOfValue(inputs?.[name]),
    })),
    ...names.outputs.map((name): LongColumn<FlowLine> => ({
      key: `outputs.${name}`,
      title: name,
      width: "minmax(8rem, 1fr)",
      cell: ({ outputs, error }) =>
        error && name === names.outputs[0] ? (
          <span className="reason">{messageOf(error)}</span>
        ) : (
          textOfValue(outputs?.[name])
        ),
    })),
    {
      key: "seconds",
      title: t("Duration"),
      width: "6rem",
      isNumber: true,
      cell: ({ seconds }) => (seconds === null ? "" : duration(seconds, t)),
    },
    { key: "tokens", title: t("Tokens"), width: "5.5rem", isNumber: true, cell: ({ tokens }) => tokens?.total ?? "" },
  ];
  if (error) return <Problem error={error} />;
  if (!rows) return <Waiting />;
  if (rows.length === 0) return <Empty>{t("No lines yet.")}</Empty>;
  return (
    <LongTable columns={columns} rows={rows} rowKey={({ line }) => String(line)} label={t("Lines")} onEnd={onEnd} />
  );
}
