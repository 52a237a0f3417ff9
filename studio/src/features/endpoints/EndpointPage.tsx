import { Button } from "@fluentui/react-components";
import { ArrowUndo20Regular, Rocket20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ComponentType } from "react";
import {
  onlineDeployments,
  onlineEndpoint,
  onlinePath,
  type OnlineDeployment,
  type OnlineEndpoint,
} from "../../api/endpoints";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Tabbed } from "../../ui/Tabbed";
import { Status } from "../../ui/Status";
import { Details } from "./Details";
import { DeleteButton } from "../../ui/DeleteButton";
import { useChange } from "./useEndpoints";

export interface TabProps {
  endpoint: OnlineEndpoint;
  deployments: OnlineDeployment[];
}

const TABS: { id: string; title: Message; content: ComponentType<TabProps> }[] = [
  { id: "details", title: "Details", content: Details },
  { id: "test", title: "Test", content: lazy(() => import("./TestTab")) },
  { id: "consume", title: "Consume", content: lazy(() => import("./ConsumeTab")) },
  { id: "metrics", title: "Metrics", content: lazy(() => import("./MetricsTab")) },
  { id: "logs", title: "Logs", content: lazy(() => import("./LogsTab")) },
];

export function EndpointPage() {
  const { name } = useParams({ from: "/endpoints/online/$name" });
  const scope = useScope();
  const endpoint = useQuery(onlineEndpoint(scope, name));
  const deployments = useQuery(onlineDeployments(scope, name));
  return (
    <Loaded of={endpoint}>
      {(found) => <Loaded of={deployments}>{(list) => <Found endpoint={found} deployments={list} />}</Loaded>}
    </Loaded>
  );
}

function Found({ endpoint, deployments }: TabProps) {
  const t = useT();
  const { tab } = useSearch({ from: "/endpoints/online/$name" });
  const navigate = useNavigate({ from: "/endpoints/online/$name" });
  const shown = TABS.find(({ id }) => id === tab) ?? TABS[0];
  const Content = shown.content;
  return (
    <Page
      title={endpoint.name}
      above={<Link to="/endpoints">{t("Endpoints")}</Link>}
      badge={<Status of={endpoint.properties.provisioningState} />}
      actions={<Actions endpoint={endpoint} />}
    >
      <Tabbed tabs={TABS} shown={shown.id} onShow={(id) => void navigate({ search: (old) => ({ ...old, tab: id }) })}>
        <Content endpoint={endpoint} deployments={deployments} />
      </Tabbed>
    </Page>
  );
}

function Actions({ endpoint }: { endpoint: OnlineEndpoint }) {
  const t = useT();
  const path = onlinePath(useScope(), endpoint.name);
  const navigate = useNavigate();
  const change = useChange();
  const remove = useChange(() => void navigate({ to: "/endpoints" }));
  return (
    <>
      <Button
        icon={<Rocket20Regular />}
        onClick={() => void navigate({ to: "/deploy", search: { endpoint: endpoint.name } })}
      >
        {t("Add a deployment")}
      </Button>
      <Button
        icon={<ArrowUndo20Regular />}
        disabled={change.isPending}
        onClick={() => change.mutate({ path: `${path}/rollback`, method: "POST", body: {} })}
      >
        {t("Roll the traffic back")}
      </Button>
      <DeleteButton
        question={t("Delete the endpoint {name}?", { name: endpoint.name })}
        onDelete={() => remove.mutate({ path, method: "DELETE" })}
      >
        {t("Its address, its keys and all its deployments are gone then.")}
      </DeleteButton>
    </>
  );
}
