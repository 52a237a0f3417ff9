import { Input } from "@fluentui/react-components";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { json, nextPath, query, type Listing } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { When } from "../../ui/time";

interface Event {
  id: string;
  at: string;
  actor: { name: string; kind: string };
  action: string;
  scope: string;
  method: string;
  status: number;
  clientAddress: string;
}

/** Who changed what, the newest first. */
export function AuditPage() {
  const t = useT();
  const scope = useScope();
  const { actor, action, resource } = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const set = (values: { actor?: string; action?: string; resource?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...values }), replace: true });
  const found = useInfiniteQuery({
    queryKey: ["audit", scope, actor, action, resource],
    queryFn: ({ pageParam, signal }) => json<Listing<Event>>(pageParam, { signal }),
    initialPageParam: `${scope}/smalt/audit${query({ actor, action: anywhere(action), resource, $top: 200 })}`,
    getNextPageParam: nextPath,
    placeholderData: keepPreviousData,
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = found;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.value) ?? [], [found.data]);
  const columns = useMemo(
    (): LongColumn<Event>[] => [
      { key: "at", title: t("When"), width: "6.5rem", cell: (event) => <When at={event.at} /> },
      { key: "who", title: t("Who"), width: "8rem", cell: (event) => event.actor.name },
      {
        key: "what",
        title: t("What"),
        width: "minmax(10.5rem, 2fr)",
        cell: (event) => <code title={event.action}>{event.action}</code>,
      },
      {
        key: "where",
        title: t("Where"),
        width: "minmax(8.5rem, 2fr)",
        cell: (event) => <span title={event.scope}>{event.scope.replace(scope.toLowerCase(), "…")}</span>,
      },
      {
        key: "status",
        title: t("Status"),
        width: "4rem",
        isNumber: true,
        cell: (event) => <span className={event.status >= 400 ? "bad" : undefined}>{event.status}</span>,
      },
      { key: "from", title: t("From"), width: "7rem", cell: (event) => event.clientAddress },
    ],
    [scope, t],
  );
  return (
    <Page title={t("Audit")}>
      <div className="filters">
        <Input
          value={actor ?? ""}
          aria-label={t("Who")}
          placeholder={t("Who")}
          onChange={(_, { value }) => set({ actor: value || undefined })}
        />
        <Input
          value={action ?? ""}
          aria-label={t("What")}
          placeholder="workspaces/jobs/write"
          onChange={(_, { value }) => set({ action: value || undefined })}
        />
        <Input
          value={resource ?? ""}
          aria-label={t("Where")}
          placeholder="jobs/…"
          onChange={(_, { value }) => set({ resource: value || undefined })}
        />
      </div>
      {found.error ? (
        <Problem error={found.error} />
      ) : rows.length === 0 && !found.isPending ? (
        <Empty>{t("Nothing found.")}</Empty>
      ) : (
        <LongTable columns={columns} rows={rows} rowKey={({ id }) => id} label={t("Audit")} onEnd={onEnd} />
      )}
    </Page>
  );
}

/** Words of an action find it wherever they stand in it; whoever writes a star says where. */
const anywhere = (words: string | undefined): string | undefined =>
  words === undefined || words.includes("*") ? words : `*${words}*`;
