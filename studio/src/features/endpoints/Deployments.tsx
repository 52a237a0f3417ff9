import { Button, Field, Popover, PopoverSurface, PopoverTrigger, SpinButton } from "@fluentui/react-components";
import { Pulse20Regular, ScaleFill20Regular } from "@fluentui/react-icons";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { onlinePath, type OnlineDeployment, type OnlineEndpoint } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { AssetLink } from "../../ui/AssetLink";
import { Empty } from "../../ui/Empty";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import { TagsButton } from "../../ui/TagsButton";
import { When } from "../../ui/time";
import type { TabProps } from "./EndpointPage";
import { DeleteButton } from "../../ui/DeleteButton";
import { collects } from "../monitoring/collects";
import { useChange } from "./useEndpoints";

/** What answers behind an endpoint, with how much of it there is. */
export function Deployments({ endpoint, deployments }: TabProps) {
  const t = useT();
  if (deployments.length === 0) {
    return (
      <Empty>
        {t("Nothing answers here yet.")}{" "}
        <Link to="/deploy" search={{ endpoint: endpoint.name }}>
          {t("Add a deployment")}
        </Link>
      </Empty>
    );
  }
  return (
    <Table
      label={t("Deployments")}
      rows={deployments}
      rowKey={({ name }) => name}
      columns={[
        { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
        {
          key: "state",
          title: t("State"),
          cell: ({ name, properties }) => (
            <>
              <Status of={properties.provisioningState} />{" "}
              {properties.provisioningState === "Failed" && (
                <Link
                  to="/endpoints/online/$name"
                  params={{ name: endpoint.name }}
                  search={{ tab: "logs", deployment: name }}
                >
                  {t("Why it failed")}
                </Link>
              )}
            </>
          ),
        },
        { key: "model", title: t("Model"), cell: ({ properties }) => <AssetLink id={properties.model} /> },
        {
          key: "environment",
          title: t("Environment"),
          cell: ({ properties }) => <AssetLink id={properties.environmentId} />,
        },
        {
          key: "script",
          title: t("Script"),
          cell: ({ properties }) => properties.codeConfiguration?.scoringScript ?? "",
        },
        { key: "count", title: t("Instances"), isNumber: true, cell: (deployment) => count(deployment) },
        { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
        {
          key: "actions",
          title: t("Actions"),
          cell: (deployment) => <RowActions endpoint={endpoint} deployment={deployment} />,
        },
      ]}
    />
  );
}

function count({ sku, properties }: OnlineDeployment): string {
  const scale = properties.scaleSettings;
  if (scale?.scaleType === "TargetUtilization") return `${scale.minInstances ?? 1}–${scale.maxInstances ?? 1}`;
  return String(sku?.capacity ?? 1);
}

function RowActions({ endpoint, deployment }: { endpoint: OnlineEndpoint; deployment: OnlineDeployment }) {
  const t = useT();
  const path = `${onlinePath(useScope(), endpoint.name)}/deployments/${encodeURIComponent(deployment.name)}`;
  const [isOpen, setOpen] = useState(false);
  const [wanted, setWanted] = useState(deployment.sku?.capacity ?? 1);
  const change = useChange(() => setOpen(false));
  const scale = () => change.mutate({ path, method: "PATCH", body: { sku: { capacity: wanted } } });
  const navigate = useNavigate();
  const monitor = t("Monitor the deployment {name}", { name: deployment.name });
  const tag = (tags: Record<string, string | null>) => change.mutate({ path, method: "PATCH", body: { tags } });
  return (
    <span className="row">
      <TagsButton label={t("Tags of {name}", { name: deployment.name })} tags={deployment.tags ?? {}} onChange={tag} />
      {collects(deployment.properties.dataCollector) && (
        <Button
          size="small"
          icon={<Pulse20Regular />}
          aria-label={monitor}
          title={monitor}
          onClick={() =>
            void navigate({ to: "/monitoring/new", search: { deployment: `${endpoint.name}:${deployment.name}` } })
          }
        />
      )}
      {deployment.properties.scaleSettings?.scaleType !== "TargetUtilization" && (
        <Popover open={isOpen} onOpenChange={(_, { open }) => setOpen(open)} trapFocus>
          <PopoverTrigger>
            <Button
              size="small"
              icon={<ScaleFill20Regular />}
              aria-label={t("Scale {name}", { name: deployment.name })}
              title={t("Scale {name}", { name: deployment.name })}
            />
          </PopoverTrigger>
          <PopoverSurface aria-label={t("Scale {name}", { name: deployment.name })}>
            <form
              className="form"
              onSubmit={(event) => {
                event.preventDefault();
                scale();
              }}
            >
              <Field label={t("Instances")}>
                <SpinButton
                  min={1}
                  max={100}
                  value={wanted}
                  onChange={(_, { value, displayValue }) => setWanted(value ?? (Number(displayValue) || 1))}
                />
              </Field>
              <Button type="submit" appearance="primary" disabled={change.isPending}>
                {t("Save")}
              </Button>
            </form>
          </PopoverSurface>
        </Popover>
      )}
      <DeleteButton
        label={t("Delete the deployment {name}", { name: deployment.name })}
        question={t("Delete the deployment {name}?", { name: deployment.name })}
        onDelete={() => change.mutate({ path, method: "DELETE" })}
      >
        {t("Its instances end once they have answered what they were asked. One with traffic is not deleted.")}
      </DeleteButton>
    </span>
  );
}
