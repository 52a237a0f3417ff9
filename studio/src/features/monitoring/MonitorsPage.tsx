import { Button, Switch } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { monitors, useMonitor, type Monitor } from "./monitoring";
import { SignalState } from "./SignalState";

/** Every monitor, with what each of its signals last came to. */
export function MonitorsPage() {
  const t = useT();
  const navigate = useNavigate();
  const found = useQuery(monitors(useScope()));
  return (
    <Page
      title={t("Monitoring")}
      actions={
        <Button
          appearance="primary"
          icon={<Add20Regular />}
          onClick={() => void navigate({ to: "/monitoring/new", search: {} })}
        >
          {t("New monitor")}
        </Button>
      }
    >
      <Loaded of={found}>
        {(all) =>
          all.length === 0 ? (
            <Empty>
              {t("Nothing is monitored yet.")} <code>smalt schedule create --file monitor.yml</code>
            </Empty>
          ) : (
            <Table
              label={t("Monitoring")}
              rows={all}
              rowKey={({ name }) => name}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: ({ name, displayName }) => (
                    <Link to="/monitoring/$name" params={{ name }} search={{}}>
                      {displayName}
                    </Link>
                  ),
                },
                { key: "target", title: t("Target"), cell: ({ target }) => <code>{shortTarget(target)}</code> },
                { key: "signals", title: t("Signals"), cell: (each) => <Signals of={each} /> },
                {
                  key: "last",
                  title: t("Last run"),
                  cell: ({ lastRun }) => <When at={lastRun?.scheduledTime} />,
                },
                { key: "next", title: t("Next time"), cell: ({ nextRunTime }) => <When at={nextRunTime} /> },
                { key: "enabled", title: t("Enabled"), cell: (each) => <Enabled of={each} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

/** Endpoint and deployment of an id. */
export function shortTarget(target: string | null): string {
  const found = /onlineEndpoints\/([^/]+)\/deployments\/([^/]+)$/i.exec(target ?? "");
  return found ? `${found[1]}:${found[2]}` : (target ?? "").replace(/^azureml:/, "");
}

function Signals({ of }: { of: Monitor }) {
  return (
    <span className="row wrap">
      {Object.keys(of.signals).map((name) => (
        <Link key={name} to="/monitoring/$name" params={{ name: of.name }} search={{ signal: name }}>
          <SignalState of={of.lastRun?.signals[name]?.state} name={name} />
        </Link>
      ))}
    </span>
  );
}

function Enabled({ of }: { of: Monitor }) {
  const t = useT();
  const { enable } = useMonitor(of.name);
  return (
    <Switch
      aria-label={t("Enable {name}", { name: of.name })}
      checked={of.isEnabled}
      disabled={enable.isPending}
      onChange={(_, { checked }) => enable.mutate(checked)}
    />
  );
}
