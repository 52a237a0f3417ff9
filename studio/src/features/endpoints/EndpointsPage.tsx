import { Button, Tab, TabList } from "@fluentui/react-components";
import { Rocket20Regular } from "@fluentui/react-icons";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { batchEndpoints, onlineEndpoints, type Shares, type Tagged } from "../../api/endpoints";
import type { Resource } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Status } from "../../ui/Status";
import { Table, type Column } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { Waiting } from "../../ui/Waiting";
import { termOf } from "../../ui/terms";

const Serverless = lazy(() => import("../catalog/Serverless"));

/** Addresses at which models and flows answer: at once, or by a job. */
export function EndpointsPage() {
  const t = useT();
  const { kind } = useSearch({ from: "/endpoints" });
  const navigate = useNavigate({ from: "/endpoints" });
  const shown = kind === "batch" || kind === "serverless" ? kind : "online";
  return (
    <Page
      title={t("Endpoints")}
      actions={
        <Button
          appearance="primary"
          icon={<Rocket20Regular />}
          onClick={() => void navigate({ to: "/deploy", search: { kind: shown === "batch" ? "batch" : "online" } })}
        >
          {t("Deploy")}
        </Button>
      }
    >
      <TabList
        selectedValue={shown}
        onTabSelect={(_, { value }) => void navigate({ search: (old) => ({ ...old, kind: String(value) }) })}
      >
        <Tab value="online">{t("Online endpoints")}</Tab>
        <Tab value="batch">{t("Batch endpoints")}</Tab>
        <Tab value="serverless">{t("Serverless")}</Tab>
      </TabList>
      <div className="tab-body">
        <Suspense fallback={<Waiting />}>
          {shown === "online" ? <Online /> : shown === "batch" ? <Batch /> : <Serverless />}
        </Suspense>
      </div>
    </Page>
  );
}

export const shares = (traffic: Shares | undefined): string =>
  Object.entries(traffic ?? {})
    .filter(([, share]) => share > 0)
    .map(([name, share]) => `${name} ${share}%`)
    .join(", ");

function Online() {
  const t = useT();
  return (
    <Listed
      found={useQuery(onlineEndpoints(useScope()))}
      label={t("Online endpoints")}
      command="smalt online-endpoint create --file endpoint.yml"
      to="/endpoints/online/$name"
      columns={[
        { key: "state", title: t("State"), cell: ({ properties }) => <Status of={properties.provisioningState} /> },
        {
          key: "traffic",
          title: t("Traffic"),
          cell: ({ properties }) => shares(properties.traffic) || <span className="faint">{t("None")}</span>,
        },
        { key: "auth", title: t("Callers come with"), cell: ({ properties }) => termOf(properties.authMode, t) },
      ]}
    />
  );
}

function Batch() {
  const t = useT();
  return (
    <Listed
      found={useQuery(batchEndpoints(useScope()))}
      label={t("Batch endpoints")}
      command="smalt batch-endpoint create --file endpoint.yml"
      to="/endpoints/batch/$name"
      columns={[
        {
          key: "default",
          title: t("Default deployment"),
          cell: ({ properties }) => properties.defaults?.deploymentName ?? "",
        },
      ]}
    />
  );
}

interface ListedProps<Endpoint> {
  found: UseQueryResult<Endpoint[]>;
  label: string;
  /** The command by which the first one is made. */
  command: string;
  to: "/endpoints/online/$name" | "/endpoints/batch/$name";
  /** What only endpoints of this kind have, between their name and their tags. */
  columns: Column<Endpoint>[];
}

function Listed<Endpoint extends Resource<object> & Tagged>({
  found,
  label,
  command,
  to,
  columns,
}: ListedProps<Endpoint>) {
  const t = useT();
  return (
    <Loaded of={found}>
      {(endpoints) =>
        endpoints.length === 0 ? (
          <Empty>
            {t("Nothing here yet.")} <code>{command}</code>
          </Empty>
        ) : (
          <Table
            label={label}
            rows={endpoints}
            rowKey={({ name }) => name}
            columns={[
              {
                key: "name",
                title: t("Name"),
                cell: ({ name }) => (
                  <Link to={to} params={{ name }}>
                    {name}
                  </Link>
                ),
              },
              ...columns,
              { key: "tags", title: t("Tags"), cell: ({ tags }) => <Tags tags={tags} /> },
              { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
              { key: "by", title: t("Created by"), cell: ({ systemData }) => systemData.createdBy },
            ]}
          />
        )
      }
    </Loaded>
  );
}
