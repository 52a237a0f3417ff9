import { Button, Checkbox, Input, Select } from "@fluentui/react-components";
import {
  ArrowSync20Regular,
  Archive20Regular,
  BranchCompare20Regular,
  Dismiss20Regular,
  Stop20Regular,
} from "@fluentui/react-icons";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Job, Run } from "../../api/types";
import { ENDED } from "../../api/types";
import { TagsButton } from "../../ui/TagsButton";
import { useT, type Message } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { JobName } from "../../ui/JobName";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { short } from "../../ui/number";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { RowCheck } from "../../ui/RowCheck";
import { Status } from "../../ui/Status";
import { Took, When } from "../../ui/time";
import { MetricPicker } from "./MetricPicker";
import { SavedViews } from "./SavedViews";
import { useJobActions } from "./useJobActions";
import { useJobs } from "./useJobs";
import { termOf } from "../../ui/terms";

const GROUPS: [Message, string][] = [
  ["Active", "NotStarted,Starting,Provisioning,Preparing,Queued,Running,Finalizing,CancelRequested"],
  ["Running", "Running,Finalizing"],
  ["Completed", "Completed"],
  ["Failed", "Failed"],
  ["Canceled", "Canceled"],
];
const TYPES = ["Command", "Pipeline", "Sweep", "Parallel", "AutoML", "Flow", "FineTuning"];
const TYPING_MS = 250;
const MOST_COMPARED = 100;

export function JobsPage() {
  const t = useT();
  const filter = useSearch({ from: "/jobs" });
  const navigate = useNavigate({ from: "/jobs" });
  const set = useCallback(
    (values: Partial<typeof filter>) => void navigate({ search: (old) => ({ ...old, ...values }), replace: true }),
    [navigate],
  );
  const { jobs, runs, error, isPending, fetchNextPage, hasNextPage, isFetchingNextPage, refetch } = useJobs(filter);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const metrics = useMemo(() => filter.metrics?.split(",").filter(Boolean) ?? [], [filter.metrics]);
  const actions = useJobActions();

  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);

  const toggle = useCallback((name: string) => {
    setSelected((old) => {
      const next = new Set(old);
      if (!next.delete(name)) next.add(name);
      return next;
    });
  }, []);

  const columns = useMemo((): LongColumn<Job>[] => {
    const shown: LongColumn<Job>[] = [
      {
        key: "select",
        title: (
          <Checkbox
            aria-label={t("Select all that are loaded")}
            checked={selected.size > 0 && selected.size === jobs.length ? true : selected.size > 0 ? "mixed" : false}
            onChange={(_, { checked }) => setSelected(new Set(checked === true ? jobs.map((job) => job.name) : []))}
          />
        ),
        width: "44px",
        cell: (job) => (
          <RowCheck
            label={t("Select {name}", { name: job.name })}
            isChecked={selected.has(job.name)}
            onToggle={() => toggle(job.name)}
          />
        ),
      },
      {
        key: "name",
        title: t("Name"),
        width: "minmax(13rem, 2.4fr)",
        cell: (job) => <JobName job={job} />,
      },
      { key: "status", title: t("Status"), width: "9rem", cell: (job) => <Status of={job.properties.status} /> },
      {
        key: "type",
        title: t("Type"),
        width: "7.5rem",
        below: "status",
        cell: (job) => termOf(job.properties.jobType, t),
      },
      {
        key: "experiment",
        title: t("Experiment"),
        width: "minmax(7rem, 1fr)",
        cell: (job) => (
          <Link to="/jobs" search={{ experiment: job.properties.experimentName }} className="plain">
            {job.properties.experimentName}
          </Link>
        ),
      },
      ...metrics.map((metric): LongColumn<Job> => ({
        key: `metric:${metric}`,
        title: metric,
        width: "7.5rem",
        isNumber: true,
        cell: (job) => short(metricOf(runs.get(job.name), metric)),
      })),
      { key: "created", title: t("Created"), width: "6.5rem", cell: (job) => <When at={job.systemData.createdAt} /> },
      {
        key: "duration",
        title: t("Duration"),
        width: "6.5rem",
        isNumber: true,
        cell: (job) => {
          const info = runs.get(job.name)?.info;
          return <Took from={info?.start_time} to={info?.end_time} isOver={ENDED.has(job.properties.status)} />;
        },
      },
      { key: "by", title: t("Created by"), width: "6rem", below: "created", cell: (job) => job.systemData.createdBy },
    ];
    return shown;
  }, [jobs, metrics, runs, selected, t, toggle]);

  const chosen = jobs.filter((job) => selected.has(job.name));
  const archived = filter.view === "ArchivedOnly";
  const archive = async () => {
    await actions.archiveAll(chosen, !archived);
    // They have left this list: what is done next is not done to what nobody sees.
    setSelected(new Set());
    await refetch();
  };
  return (
    <Page
      title={t("Jobs")}
      actions={
        <>
          <SavedViews search={filter} onOpen={(search) => void navigate({ search: () => search })} />
          <Button icon={<ArrowSync20Regular />} onClick={() => void refetch()}>
            {t("Refresh")}
          </Button>
        </>
      }
    >
      <div className="filters">
        <SearchBox value={filter.q ?? ""} onChange={(q) => set({ q: q || undefined })} />
        <Select
          aria-label={t("Status")}
          value={filter.status ?? ""}
          onChange={(_, { value }) => set({ status: value || undefined })}
        >
          <option value="">{t("Any status")}</option>
          {GROUPS.map(([title, statuses]) => (
            <option key={title} value={statuses}>
              {t(title)}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t("Type")}
          value={filter.type ?? ""}
          onChange={(_, { value }) => set({ type: value || undefined })}
        >
          <option value="">{t("Any type")}</option>
          {TYPES.map((type) => (
            <option key={type} value={type}>
              {termOf(type, t)}
            </option>
          ))}
        </Select>
        {filter.experiment && (
          <Button icon={<Dismiss20Regular />} iconPosition="after" onClick={() => set({ experiment: undefined })}>
            {t("Experiment")}: {filter.experiment}
          </Button>
        )}
        {filter.schedule && (
          <Button icon={<Dismiss20Regular />} iconPosition="after" onClick={() => set({ schedule: undefined })}>
            {t("Schedule: {name}", { name: filter.schedule })}
          </Button>
        )}
        <MetricPicker
          runs={[...runs.values()]}
          chosen={metrics}
          onChange={(next) => set({ metrics: next.join(",") || undefined })}
        />
        <Checkbox
          label={t("Archived")}
          checked={archived}
          onChange={(_, { checked }) => set({ view: checked ? "ArchivedOnly" : undefined })}
        />
      </div>
      <div className="bulk" aria-live="polite">
        {selected.size > 0 ? (
          <>
            <span>{t("{count} selected", { count: selected.size })}</span>
            <Button
              size="small"
              icon={<BranchCompare20Regular />}
              disabled={selected.size < 2 || selected.size > MOST_COMPARED}
              onClick={() => void navigate({ to: "/compare", search: { jobs: [...selected].join(",") } })}
            >
              {t("Compare")}
            </Button>
            <Button
              size="small"
              icon={<Stop20Regular />}
              disabled={chosen.every((job) => ENDED.has(job.properties.status))}
              onClick={() => void actions.cancelAll(chosen)}
            >
              {t("Cancel jobs")}
            </Button>
            <Button
              size="small"
              icon={<Archive20Regular />}
              disabled={chosen.every((job) => !ENDED.has(job.properties.status))}
              onClick={() => void archive()}
            >
              {archived ? t("Restore") : t("Archive")}
            </Button>
            <TagsButton
              label={t("Tags of {count} jobs", { count: chosen.length })}
              tags={shared(chosen)}
              isDisabled={chosen.length === 0}
              onChange={(changes) => void actions.tagAll(chosen, changes)}
            />
            <Button size="small" appearance="subtle" onClick={() => setSelected(new Set())}>
              {t("Select none")}
            </Button>
          </>
        ) : (
          <span className="faint">
            {isPending
              ? t("Loading")
              : hasNextPage
                ? t("{count} loaded, more below", { count: jobs.length })
                : t("{count} jobs", { count: jobs.length })}
          </span>
        )}
      </div>
      {error && <Problem error={error} />}
      {!isPending && jobs.length === 0 && !error ? (
        <Empty>
          {t("No job fits.")} <code>smalt job create --file job.yml</code>
        </Empty>
      ) : (
        <LongTable columns={columns} rows={jobs} rowKey={(job) => job.name} label={t("Jobs")} onEnd={onEnd} />
      )}
    </Page>
  );
}

/** The tags that all of them have. */
function shared([first, ...others]: readonly Job[]): Record<string, string> {
  const tags = Object.entries(first?.properties.tags ?? {});
  return Object.fromEntries(
    tags.filter(([key, value]) => others.every(({ properties }) => properties.tags?.[key] === value)),
  );
}

const metricOf = (run: Run | undefined, metric: string) => run?.data.metrics?.find(({ key }) => key === metric)?.value;

function SearchBox({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const t = useT();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <Input
      type="search"
      value={text}
      aria-label={t("Name, experiment, tag or person")}
      placeholder={t("Name, experiment, tag or person")}
      onChange={(_, data) => setText(data.value)}
    />
  );
}
