import { Button } from "@fluentui/react-components";
import { batchPath, type BatchDeployment, type BatchEndpoint } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { AssetLink } from "../../ui/AssetLink";
import { Copied } from "../../ui/Copied";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import type { BatchTabProps } from "./BatchPage";
import { DeleteButton } from "../../ui/DeleteButton";
import { useChange } from "./useEndpoints";

/** What a batch endpoint is, and what its calls run. */
export function BatchDetails({ endpoint, deployments }: BatchTabProps) {
  const t = useT();
  const path = batchPath(useScope(), endpoint.name);
  const change = useChange();
  const { properties } = endpoint;
  return (
    <>
      <div className="columns">
        <Section title={t("Properties")}>
          <Facts
            of={[
              [t("Address"), <Copied key="copied" text={properties.scoringUri} />],
              [t("Default deployment"), properties.defaults?.deploymentName],
              [t("Description"), properties.description],
              [t("Created"), <When key="created" at={endpoint.systemData.createdAt} />],
              [t("Created by"), endpoint.systemData.createdBy],
            ]}
          />
        </Section>
        <Section title={t("Tags")}>
          <Tags tags={endpoint.tags} onChange={(tags) => change.mutate({ path, method: "PATCH", body: { tags } })} />
        </Section>
      </div>
      <Section title={t("Deployments")}>
        {deployments.length === 0 ? (
          <Empty>{t("Nothing answers here yet.")}</Empty>
        ) : (
          <Table
            label={t("Deployments")}
            rows={deployments}
            rowKey={({ name }) => name}
            columns={[
              { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
              {
                key: "what",
                title: t("What"),
                cell: ({ properties: own }) => (
                  <AssetLink id={own.model?.assetId ?? own.deploymentConfiguration?.componentId?.assetId} />
                ),
              },
              { key: "compute", title: t("Compute"), cell: ({ properties: own }) => <AssetLink id={own.compute} /> },
              {
                key: "batch",
                title: t("Files at once"),
                isNumber: true,
                cell: ({ properties: own }) => own.miniBatchSize ?? "",
              },
              { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
              {
                key: "actions",
                title: t("Actions"),
                cell: (deployment) => <RowActions endpoint={endpoint} deployment={deployment} />,
              },
            ]}
          />
        )}
      </Section>
    </>
  );
}

function RowActions({ endpoint, deployment }: { endpoint: BatchEndpoint; deployment: BatchDeployment }) {
  const t = useT();
  const path = batchPath(useScope(), endpoint.name);
  const change = useChange();
  const isDefault = endpoint.properties.defaults?.deploymentName === deployment.name;
  const body = { properties: { defaults: { deploymentName: deployment.name } } };
  return (
    <span className="row">
      {isDefault ? (
        <span className="faint">{t("Default")}</span>
      ) : (
        <Button size="small" onClick={() => change.mutate({ path, method: "PATCH", body })}>
          {t("Make it the default")}
        </Button>
      )}
      <DeleteButton
        label={t("Delete the deployment {name}", { name: deployment.name })}
        question={t("Delete the deployment {name}?", { name: deployment.name })}
        onDelete={() =>
          change.mutate({ path: `${path}/deployments/${encodeURIComponent(deployment.name)}`, method: "DELETE" })
        }
      >
        {t("Its jobs stay.")}
      </DeleteButton>
    </span>
  );
}
