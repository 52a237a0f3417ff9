import { Button } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { someJobs } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { JobName } from "../../ui/JobName";
import { Loaded } from "../../ui/Loaded";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { Page } from "../../ui/Page";
import { Status } from "../../ui/Status";
import { When } from "../../ui/time";
import { detailsOf } from "./details";
import { termOf } from "../../ui/terms";

const MOST = 500;

/** Searches for a model over a table. */
export function AutoMLPage() {
  const t = useT();
  const navigate = useNavigate();
  const found = useQuery(someJobs(useScope(), { jobType: "AutoML", $top: MOST }));
  const columns: LongColumn<Job>[] = [
    {
      key: "name",
      title: t("Name"),
      width: "minmax(12rem, 2fr)",
      cell: (job) => <JobName job={job} />,
    },
    { key: "status", title: t("Status"), width: "9rem", cell: ({ properties }) => <Status of={properties.status} /> },
    {
      key: "task",
      title: t("Task"),
      width: "9rem",
      below: "status",
      cell: (job) => termOf(detailsOf(job).taskType, t),
    },
    {
      key: "target",
      title: t("Target column"),
      width: "minmax(8rem, 1fr)",
      cell: (job) => detailsOf(job).targetColumnName ?? "",
    },
    {
      key: "metric",
      title: t("Primary metric"),
      width: "minmax(8rem, 1fr)",
      cell: (job) => detailsOf(job).primaryMetric ?? "",
    },
    { key: "at", title: t("Created"), width: "8rem", cell: ({ systemData }) => <When at={systemData.createdAt} /> },
    { key: "by", title: t("Created by"), width: "8rem", below: "at", cell: ({ systemData }) => systemData.createdBy },
  ];
  return (
    <Page
      title={t("Automated ML")}
      actions={
        <Button appearance="primary" icon={<Add20Regular />} onClick={() => void navigate({ to: "/automl/new" })}>
          {t("New automated ML job")}
        </Button>
      }
    >
      <Loaded of={found}>
        {(jobs) =>
          jobs.length === 0 ? (
            <Empty>
              {t("Nothing here yet.")} <code>smalt job create --file classification.yml</code>
            </Empty>
          ) : (
            <LongTable columns={columns} rows={jobs} rowKey={({ name }) => name} label={t("Automated ML")} />
          )
        }
      </Loaded>
    </Page>
  );
}
