import { Button, Switch } from "@fluentui/react-components";
import { Play20Regular } from "@fluentui/react-icons";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { json, request } from "../../api/client";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { DeleteButton } from "../../ui/DeleteButton";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { rule, useChanging, type Schedule } from "./schedules";
import { termOf } from "../../ui/terms";

interface Fire {
  time: string;
  cause: string;
  outcome: string;
  jobName: string | null;
  jobStatus: string | null;
  reason: string | null;
}

const scheduleQuery = (path: string) =>
  queryOptions({ queryKey: ["schedules", path], queryFn: ({ signal }) => json<Schedule>(path, { signal }) });

export function SchedulePage() {
  const t = useT();
  const { name } = useParams({ from: "/schedules/$name" });
  const path = `${useScope()}/schedules/${encodeURIComponent(name)}`;
  const found = useQuery(scheduleQuery(path));
  const changing = useChanging();
  const client = useQueryClient();
  const trigger = useMutation({
    mutationFn: () => json(`${path}/trigger`, { method: "POST", body: {} }),
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: async (schedule: Schedule) => {
      // One that may fire at any moment is not deleted.
      const { isEnabled } = schedule.properties;
      if (isEnabled) await changing.mutateAsync({ schedule, isEnabled: false });
      try {
        await request(path, { method: "DELETE" });
      } catch (error) {
        // It stays, and goes on firing.
        if (isEnabled) await changing.mutateAsync({ schedule, isEnabled: true });
        throw error;
      }
    },
    onSuccess: async () => {
      await navigate({ to: "/schedules" });
      await client.invalidateQueries({ queryKey: ["schedules"] });
    },
  });
  return (
    <Loaded of={found}>
      {(schedule) => (
        <Page
          title={schedule.properties.displayName ?? name}
          above={<Link to="/schedules">{t("Schedules")}</Link>}
          actions={
            <>
              <Switch
                label={t("Enabled")}
                checked={schedule.properties.isEnabled}
                onChange={(_, { checked }) => changing.mutate({ schedule, isEnabled: checked })}
              />
              <Button icon={<Play20Regular />} disabled={trigger.isPending} onClick={() => trigger.mutate()}>
                {t("Fire now")}
              </Button>
              <DeleteButton
                question={t("Delete the schedule {name}?", { name })}
                onDelete={() => remove.mutate(schedule)}
              >
                {t("It does not fire any more. The jobs it has started stay.")}
              </DeleteButton>
            </>
          }
        >
          <div className="columns">
            <Section title={t("Properties")}>
              <Facts
                of={[
                  [t("Name"), <code key="name">{schedule.name}</code>],
                  [t("Fires"), rule(schedule.properties, t)],
                  [t("Next time"), schedule.properties.nextRunTime && <When at={schedule.properties.nextRunTime} />],
                  [t("Action"), termOf(schedule.properties.action.actionType, t)],
                  [t("Job"), schedule.properties.action.jobDefinition?.displayName],
                  [t("Description"), schedule.properties.description],
                  [t("Created by"), schedule.systemData.createdBy],
                ]}
              />
            </Section>
            <Section title={t("Tags")}>
              <Tags
                tags={schedule.properties.tags ?? {}}
                onChange={(changes) => changing.mutate({ schedule, tags: changes })}
              />
            </Section>
          </div>
          <Section
            title={t("What it has done")}
            actions={
              <Link to="/jobs" search={{ schedule: schedule.name }}>
                {t("Show jobs it has started")}
              </Link>
            }
          >
            <Fires path={path} />
          </Section>
        </Page>
      )}
    </Loaded>
  );
}

function Fires({ path }: { path: string }) {
  const t = useT();
  const found = useQuery({ ...list<Fire>(`${path}/fires`, "schedules"), refetchOnWindowFocus: true });
  return (
    <Loaded of={found}>
      {(fires) =>
        fires.length === 0 ? (
          <Empty>{t("It has not fired yet.")}</Empty>
        ) : (
          <Table
            label={t("What it has done")}
            rows={fires}
            rowKey={({ time, cause }) => `${time} ${cause}`}
            columns={[
              { key: "at", title: t("When"), cell: ({ time }) => <When at={time} /> },
              {
                key: "job",
                title: t("Job"),
                cell: ({ jobName }) =>
                  jobName && (
                    <Link to="/jobs/$name" params={{ name: jobName }}>
                      {jobName}
                    </Link>
                  ),
              },
              { key: "status", title: t("Status"), cell: ({ jobStatus }) => jobStatus && <Status of={jobStatus} /> },
              { key: "outcome", title: t("Outcome"), cell: ({ outcome }) => termOf(outcome, t) },
              { key: "reason", title: t("Reason"), cell: ({ reason }) => reason ?? "" },
            ]}
          />
        )
      }
    </Loaded>
  );
}
