import { Button, Input, Select } from "@fluentui/react-components";
import { Dismiss20Regular } from "@fluentui/react-icons";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { json, nextPath, type Listing } from "../../api/client";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { money, short } from "../../ui/number";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { duration, When } from "../../ui/time";
import { TraceFigures } from "./TraceFigures";
import { TraceStatus } from "./TraceStatus";
import { tracesPath, type Trace, type TraceFilter } from "./traces";
import "./traces.css";

const STATUSES: [Message, string][] = [
  ["Completed", "OK"],
  ["Failed", "ERROR"],
  ["Running", "IN_PROGRESS"],
];
/** What is chosen elsewhere, by a link, and taken away here. */
const CHOSEN: [Message, keyof TraceFilter][] = [
  ["Session", "session"],
  ["Flow", "flow"],
  ["Endpoint", "endpoint"],
  ["Job", "job"],
];

/** What applications and flows did for each request, the newest first. */
export function TracesPage() {
  const t = useT();
  const scope = useScope();
  const filter = useSearch({ from: "/traces" });
  const navigate = useNavigate({ from: "/traces" });
  const set = (values: TraceFilter) => void navigate({ search: (old) => ({ ...old, ...values }), replace: true });
  const found = useInfiniteQuery({
    queryKey: ["traces", scope, "", "list", filter],
    queryFn: ({ pageParam, signal }) => json<Listing<Trace>>(pageParam, { signal }),
    initialPageParam: tracesPath(scope, filter),
    getNextPageParam: nextPath,
    placeholderData: keepPreviousData,
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = found;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.value) ?? [], [found.data]);
  const columns = useMemo(
    (): LongColumn<Trace>[] => [
      {
        key: "name",
        title: t("Name"),
        width: "minmax(10rem, 1.4fr)",
        cell: (trace) => (
          <span className="two-lines">
            <Link to="/traces/$id" params={{ id: trace.traceId }}>
              {trace.name || trace.traceId}
            </Link>
            <span className="faint">{trace.kind}</span>
          </span>
        ),
      },
      { key: "status", title: t("Status"), width: "8rem", cell: (trace) => <TraceStatus of={trace.status} /> },
      { key: "inputs", title: t("Inputs"), width: "minmax(8rem, 1.4fr)", cell: (trace) => <Cut text={trace.inputs} /> },
      { key: "output", title: t("Output"), width: "minmax(8rem, 1.4fr)", cell: (trace) => <Cut text={trace.output} /> },
      {
        key: "seconds",
        title: t("Duration"),
        width: "5.5rem",
        isNumber: true,
        cell: (trace) => (trace.seconds === null ? "" : duration(trace.seconds, t)),
      },
      {
        key: "tokens",
        title: t("Tokens"),
        width: "5rem",
        isNumber: true,
        cell: (trace) => short(trace.tokens?.total),
      },
      {
        key: "cost",
        title: t("Cost"),
        width: "5rem",
        below: "tokens",
        isNumber: true,
        cell: (trace) => money(trace.cost),
      },
      {
        key: "started",
        title: t("Started"),
        width: "7rem",
        below: "status",
        cell: (trace) => <When at={trace.startedAt} />,
      },
    ],
    [t],
  );
  return (
    <Page title={t("Traces")}>
      <div className="filters">
        <Input
          type="search"
          value={filter.filter ?? ""}
          aria-label={t("Name, inputs or output")}
          placeholder={t("Name, inputs or output")}
          onChange={(_, { value }) => set({ filter: value || undefined })}
        />
        <Select
          aria-label={t("Status")}
          value={filter.status ?? ""}
          onChange={(_, { value }) => set({ status: value || undefined })}
        >
          <option value="">{t("Any status")}</option>
          {STATUSES.map(([title, status]) => (
            <option key={status} value={status}>
              {t(title)}
            </option>
          ))}
        </Select>
        <Input
          value={filter.minSeconds ?? ""}
          aria-label={t("Seconds at least")}
          placeholder={t("Seconds at least")}
          onChange={(_, { value }) => set({ minSeconds: /^\d*\.?\d*$/.test(value) ? value || undefined : undefined })}
        />
        {CHOSEN.map(
          ([title, name]) =>
            filter[name] && (
              <Button
                key={name}
                icon={<Dismiss20Regular />}
                iconPosition="after"
                onClick={() => set({ [name]: undefined })}
              >
                {t(title)}: {filter[name]}
              </Button>
            ),
        )}
      </div>
      <TraceFigures />
      {found.error ? (
        <Problem error={found.error} />
      ) : rows.length === 0 && !found.isPending ? (
        <Empty>
          {t("No trace yet.")} <code>smalt flow test --flow my_flow --trace-to workspace</code>
        </Empty>
      ) : (
        <LongTable columns={columns} rows={rows} rowKey={(trace) => trace.traceId} label={t("Traces")} onEnd={onEnd} />
      )}
    </Page>
  );
}

function Cut({ text }: { text: string | null }) {
  return (
    <span className="cut" title={text ?? undefined}>
      {text ?? ""}
    </span>
  );
}
