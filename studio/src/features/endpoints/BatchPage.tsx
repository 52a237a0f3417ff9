import { Button } from "@fluentui/react-components";
import { Rocket20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ComponentType } from "react";
import {
  batchDeployments,
  batchEndpoint,
  batchPath,
  type BatchDeployment,
  type BatchEndpoint,
} from "../../api/endpoints";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Tabbed } from "../../ui/Tabbed";
import { BatchDetails } from "./BatchDetails";
import { DeleteButton } from "../../ui/DeleteButton";
import { useChange } from "./useEndpoints";

export interface BatchTabProps {
  endpoint: BatchEndpoint;
  deployments: BatchDeployment[];
}

const TABS: { id: string; title: Message; content: ComponentType<BatchTabProps> }[] = [
  { id: "details", title: "Details", content: BatchDetails },
  { id: "invoke", title: "Run", content: lazy(() => import("./BatchInvoke")) },
  { id: "jobs", title: "Jobs", content: lazy(() => import("./BatchJobs")) },
];

/** An endpoint whose calls are jobs. */
export function BatchPage() {
  const { name } = useParams({ from: "/endpoints/batch/$name" });
  const scope = useScope();
  const endpoint = useQuery(batchEndpoint(scope, name));
  const deployments = useQuery(batchDeployments(scope, name));
  return (
    <Loaded of={endpoint}>
      {(found) => <Loaded of={deployments}>{(list) => <Found endpoint={found} deployments={list} />}</Loaded>}
    </Loaded>
  );
}

function Found({ endpoint, deployments }: BatchTabProps) {
  const t = useT();
  const { tab } = useSearch({ from: "/endpoints/batch/$name" });
  const navigate = useNavigate({ from: "/endpoints/batch/$name" });
  const shown = TABS.find(({ id }) => id === tab) ?? TABS[0];
  const Content = shown.content;
  return (
    <Page
      title={endpoint.name}
      above={
        <Link to="/endpoints" search={{ kind: "batch" }}>
          {t("Endpoints")}
        </Link>
      }
      actions={<Actions endpoint={endpoint} />}
    >
      <Tabbed tabs={TABS} shown={shown.id} onShow={(id) => void navigate({ search: (old) => ({ ...old, tab: id }) })}>
        <Content endpoint={endpoint} deployments={deployments} />
      </Tabbed>
    </Page>
  );
}

function Actions({ endpoint }: { endpoint: BatchEndpoint }) {
  const t = useT();
  const path = batchPath(useScope(), endpoint.name);
  const navigate = useNavigate();
  const remove = useChange(() => void navigate({ to: "/endpoints", search: { kind: "batch" } }));
  return (
    <>
      <Button
        icon={<Rocket20Regular />}
        onClick={() => void navigate({ to: "/deploy", search: { kind: "batch", endpoint: endpoint.name } })}
      >
        {t("Add a deployment")}
      </Button>
      <DeleteButton
        question={t("Delete the endpoint {name}?", { name: endpoint.name })}
        onDelete={() => remove.mutate({ path, method: "DELETE" })}
      >
        {t("Its deployments are gone then. Its jobs stay.")}
      </DeleteButton>
    </>
  );
}
