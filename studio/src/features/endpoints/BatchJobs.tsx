import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { batchPath } from "../../api/endpoints";
import { json } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import type { BatchTabProps } from "./BatchPage";

interface BatchJob {
  name: string;
  properties: { status: string; displayName: string; properties: Record<string, string> };
}

/** What calls of a batch endpoint have begun, the newest first. */
export default function BatchJobs({ endpoint }: BatchTabProps) {
  const t = useT();
  const scope = useScope();
  const found = useQuery({
    // Under the kind of jobs, whose changes are told.
    queryKey: ["jobs", scope, "", "batch", endpoint.name],
    queryFn: async ({ signal }) =>
      (await json<{ value: BatchJob[] }>(`${batchPath(scope, endpoint.name)}/jobs?$top=200`, { signal })).value,
  });
  return (
    <Loaded of={found}>
      {(jobs) =>
        jobs.length === 0 ? (
          <Empty>{t("No job yet.")}</Empty>
        ) : (
          <Table
            label={t("Jobs")}
            rows={jobs}
            rowKey={({ name }) => name}
            columns={[
              {
                key: "name",
                title: t("Name"),
                cell: ({ name }) => (
                  <Link to="/jobs/$name" params={{ name }}>
                    {name}
                  </Link>
                ),
              },
              { key: "status", title: t("Status"), cell: ({ properties }) => <Status of={properties.status} /> },
              {
                key: "deployment",
                title: t("Deployment"),
                cell: ({ properties }) => properties.properties["azureml.batchdeployment"] ?? "",
              },
              {
                key: "scores",
                title: t("Outputs"),
                cell: ({ name, properties }) =>
                  properties.status === "Completed" && (
                    <Link to="/jobs/$name" params={{ name }} search={{ tab: "outputs", file: "score" }}>
                      {t("Results")}
                    </Link>
                  ),
              },
            ]}
          />
        )
      }
    </Loaded>
  );
}
