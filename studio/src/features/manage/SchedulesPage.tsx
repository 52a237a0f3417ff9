import { Switch } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { NewButton } from "../create/NewButton";
import { rule, useChanging, type Schedule } from "./schedules";
import { termOf } from "../../ui/terms";

export function SchedulesPage() {
  const t = useT();
  return (
    <Page title={t("Schedules")} actions={<NewButton kind="schedules" />}>
      <Schedules />
    </Page>
  );
}

/** Schedules, or those that fit. */
export function Schedules({ fits = () => true }: { fits?: (schedule: Schedule) => boolean }) {
  const t = useT();
  const found = useQuery(list<Schedule>(`${useScope()}/schedules?listViewType=All`, "schedules"));
  const changing = useChanging();
  return (
    <Loaded of={found}>
      {(all) => {
        const schedules = all.filter(fits);
        return schedules.length === 0 ? (
          <Empty>
            {t("Nothing here yet.")} <code>smalt schedule create --file schedule.yml</code>
          </Empty>
        ) : (
          <Table
            label={t("Schedules")}
            rows={schedules}
            rowKey={({ name }) => name}
            columns={[
              {
                key: "name",
                title: t("Name"),
                cell: ({ name, properties }) => (
                  <Link to="/schedules/$name" params={{ name }}>
                    {properties.displayName ?? name}
                  </Link>
                ),
              },
              { key: "rule", title: t("Fires"), cell: ({ properties }) => rule(properties, t) },
              { key: "action", title: t("Action"), cell: ({ properties }) => termOf(properties.action.actionType, t) },
              {
                key: "enabled",
                title: t("Enabled"),
                cell: (schedule) => (
                  <Switch
                    aria-label={t("Enable {name}", { name: schedule.name })}
                    checked={schedule.properties.isEnabled}
                    onChange={(_, { checked }) => changing.mutate({ schedule, isEnabled: checked })}
                  />
                ),
              },
              { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
            ]}
          />
        );
      }}
    </Loaded>
  );
}
