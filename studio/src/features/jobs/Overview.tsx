import { Button, MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { Edit16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { run as runQuery } from "../../api/queries";
import { ENDED, type Job, type JobPort } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { AskName } from "../../ui/AskName";
import { AssetLink } from "../../ui/AssetLink";
import { Copy } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { short } from "../../ui/number";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { Took, When } from "../../ui/time";
import type { TabProps } from "./JobPage";
import { PortValue } from "./PortValue";
import { priorityOf } from "./priority";
import { useJobActions } from "./useJobActions";
import { termOf } from "../../ui/terms";

export function Overview({ job }: TabProps) {
  const t = useT();
  const run = useQuery(runQuery(useScope(), job.name));
  const { change } = useJobActions();
  const [isNaming, setNaming] = useState(false);
  const { properties } = job;
  const info = run.data?.info;
  const priority = priorityOf(properties.queueSettings);
  const metrics = (run.data?.data.metrics ?? []).filter(({ key }) => !key.startsWith("system/"));
  return (
    <>
      {properties.error?.message && (
        <MessageBar intent={properties.status === "Failed" ? "error" : "info"} layout="multiline" className="problem">
          <MessageBarBody>
            <MessageBarTitle>{properties.status === "Failed" ? t("Why it failed") : t("Reason")}</MessageBarTitle>
            <span className="wrap">{properties.error.message}</span>
          </MessageBarBody>
        </MessageBar>
      )}
      {isNaming && (
        <AskName
          title={t("Rename")}
          value={properties.displayName}
          check={() => ""}
          onName={(displayName) => void change(job.name, { displayName })}
          onClose={() => setNaming(false)}
        />
      )}
      <div className="columns">
        <Section title={t("Properties")}>
          <Facts
            of={[
              [
                t("Name"),
                <span key="name" className="row">
                  <code>{job.name}</code>
                  <Copy text={job.name} />
                </span>,
              ],
              [
                t("Display name"),
                <span key="title" className="row">
                  {properties.displayName}
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<Edit16Regular />}
                    aria-label={t("Rename")}
                    title={t("Rename")}
                    onClick={() => setNaming(true)}
                  />
                </span>,
              ],
              [t("Type"), termOf(properties.jobType, t)],
              [t("Experiment"), properties.experimentName],
              [t("Created"), <When key="created" at={job.systemData.createdAt} />],
              [t("Created by"), job.systemData.createdBy],
              [t("Started"), info?.start_time && <When at={info.start_time} />],
              [
                t("Duration"),
                info && <Took from={info.start_time} to={info.end_time} isOver={ENDED.has(properties.status)} />,
              ],
              [t("Compute"), properties.computeId && <AssetLink key="compute" id={properties.computeId} />],
              [
                t("Environment"),
                properties.environmentId && <AssetLink key="environment" id={properties.environmentId} />,
              ],
              [t("Priority"), priority && t(priority)],
              [t("Job tier"), properties.queueSettings?.jobTier],
              [t("Command"), properties.command && <code className="command">{properties.command}</code>],
              [t("Description"), properties.description],
            ]}
          />
        </Section>
        <div>
          <Section title={t("Tags")}>
            <Tags tags={properties.tags} onChange={(tags) => void change(job.name, { tags })} />
          </Section>
          {metrics.length > 0 && (
            <Section title={t("Metrics")}>
              <Facts of={metrics.map(({ key, value }) => [key, <span className="number">{short(value)}</span>])} />
            </Section>
          )}
          {(run.data?.data.params?.length ?? 0) > 0 && (
            <Section title={t("Parameters")}>
              <Facts of={(run.data?.data.params ?? []).map(({ key, value }) => [key, <code>{value}</code>])} />
            </Section>
          )}
        </div>
      </div>
      <Ports title={t("Inputs")} job={job} ports={properties.inputs} />
      <Ports title={t("Outputs")} job={job} ports={properties.outputs} />
      {Object.keys(properties.properties).length > 0 && (
        <Section title={t("Further properties")}>
          <Facts
            of={Object.entries(properties.properties).map(([key, value]) => [
              key,
              <code className="wrap">{value}</code>,
            ])}
          />
        </Section>
      )}
    </>
  );
}

function Ports({ title, job, ports }: { title: string; job: Job; ports?: Record<string, JobPort> }) {
  const t = useT();
  const rows = Object.entries(ports ?? {});
  if (rows.length === 0) return null;
  return (
    <Section title={title}>
      <Table
        label={title}
        rows={rows}
        rowKey={([name]) => name}
        columns={[
          { key: "name", title: t("Name"), cell: ([name]) => name },
          { key: "type", title: t("Type"), cell: ([, port]) => termOf(port.jobInputType ?? port.jobOutputType, t) },
          {
            key: "value",
            title: t("Value"),
            cell: ([name, port]) => <PortValue job={job} name={name} port={port} />,
          },
        ]}
      />
    </Section>
  );
}
