import { Button } from "@fluentui/react-components";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { json, query, request } from "../../api/client";
import { computes } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { DeleteButton } from "../../ui/DeleteButton";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { TagsButton } from "../../ui/TagsButton";
import { When } from "../../ui/time";
import { NewButton } from "../create/NewButton";
import { Utilisation } from "./Utilisation";
import { termOf } from "../../ui/terms";

interface ComputeProperties {
  computeType: string;
  description?: string;
  provisioningState: string;
  properties?: {
    vmSize?: string;
    state?: string;
    allocationState?: string;
    lastOperation?: { operationName: string; operationTrigger: string };
    currentNodeCount?: number;
    scaleSettings?: { minNodeCount: number; maxNodeCount: number };
  };
}

const INSTANCE = "ComputeInstance";
/** This machine, which nobody takes away. */
const LOCAL = "local";
const RUNNING = "Running,Finalizing";
const WAITING = "Starting,Preparing,Queued";
const MOST = 1000;

/** Jobs of some states, steps and trials as well: they are what takes the places. */
const jobsOf = (scope: string, status: string) =>
  queryOptions({
    queryKey: ["jobs", scope, "", { status, everything: true }],
    queryFn: async ({ signal }) =>
      (await json<{ value: Job[] }>(`${scope}/jobs${query({ status, $top: MOST })}`, { signal })).value,
  });

/** Where jobs run, and how busy it is there. */
export function ComputePage() {
  const t = useT();
  const scope = useScope();
  const found = useQuery(computes<ComputeProperties>(scope));
  const running = useQuery(jobsOf(scope, RUNNING));
  const waiting = useQuery(jobsOf(scope, WAITING));
  const countOn = (id: string, jobs: readonly Job[] = []) => {
    const count = jobs.filter((job) => job.properties.computeId?.toLowerCase() === id.toLowerCase()).length;
    // Where the list was cut off there may be more.
    return jobs.length < MOST ? count : `${count}+`;
  };
  return (
    <Page title={t("Compute")} actions={<NewButton kind="compute" />}>
      <Utilisation />
      <Loaded of={found}>
        {(computes) =>
          computes.length === 0 ? (
            <Empty>
              {t("Nothing here yet.")} <code>smalt compute create --file compute.yml</code>
            </Empty>
          ) : (
            <Table
              label={t("Compute")}
              rows={computes}
              rowKey={({ name }) => name}
              columns={[
                { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
                { key: "type", title: t("Type"), cell: ({ properties }) => termOf(properties.computeType, t) },
                {
                  key: "state",
                  title: t("State"),
                  cell: ({ properties }) =>
                    termOf(
                      properties.properties?.state ??
                        properties.properties?.allocationState ??
                        properties.provisioningState,
                      t,
                    ),
                },
                { key: "size", title: t("Size"), cell: ({ properties }) => properties.properties?.vmSize ?? "" },
                {
                  key: "nodes",
                  title: t("Nodes"),
                  isNumber: true,
                  cell: ({ properties }) => {
                    const scale = properties.properties?.scaleSettings;
                    const now = properties.properties?.currentNodeCount;
                    return scale ? `${now ?? 0} (${scale.minNodeCount}–${scale.maxNodeCount})` : (now ?? "");
                  },
                },
                {
                  key: "run",
                  title: t("Running"),
                  isNumber: true,
                  cell: ({ id }) => countOn(id, running.data),
                },
                {
                  key: "wait",
                  title: t("Waiting"),
                  isNumber: true,
                  cell: ({ id }) => countOn(id, waiting.data),
                },
                {
                  key: "verbs",
                  title: t("Actions"),
                  cell: ({ name, properties, tags }) => (
                    <span className="row">
                      <TagsOf name={name} tags={tags ?? {}} />
                      {name !== LOCAL && <DeleteOf name={name} />}
                      {properties.computeType === INSTANCE && (
                        <InstanceVerbs name={name} isStarted={properties.properties?.state === "Running"} />
                      )}
                    </span>
                  ),
                },
                { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function TagsOf({ name, tags }: { name: string; tags: Record<string, string> }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (changes: Record<string, string | null>) =>
      request(`${scope}/computes/${encodeURIComponent(name)}`, { method: "PATCH", body: { tags: changes } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["computes"] }),
  });
  return (
    <TagsButton label={t("Tags of {name}", { name })} tags={tags} onChange={(changes) => change.mutate(changes)} />
  );
}

function DeleteOf({ name }: { name: string }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`${scope}/computes/${encodeURIComponent(name)}`, { method: "DELETE" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["computes"] }),
  });
  return (
    <DeleteButton
      label={t("Delete {name}", { name })}
      question={t("Delete the compute {name}?", { name })}
      onDelete={() => remove.mutate()}
    >
      {t("Jobs that name it are refused from then on. Those that run on this machine go on.")}
    </DeleteButton>
  );
}

/** A compute instance is started, stopped and begun anew; what runs on it ends with it. */
function InstanceVerbs({ name, isStarted }: { name: string; isStarted: boolean }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (verb: "start" | "stop" | "restart") =>
      request(`${scope}/computes/${encodeURIComponent(name)}/${verb}`, { method: "POST", body: {} }),
    onSettled: () => client.invalidateQueries({ queryKey: ["computes"] }),
  });
  const verb = (word: "start" | "stop" | "restart", label: string, text: string) => (
    <Button size="small" disabled={change.isPending} aria-label={label} onClick={() => change.mutate(word)}>
      {text}
    </Button>
  );
  return (
    <span className="row">
      {isStarted ? (
        <>
          {verb("stop", t("Stop {name}", { name }), t("Stop"))}
          {verb("restart", t("Restart {name}", { name }), t("Restart"))}
        </>
      ) : (
        verb("start", t("Start {name}", { name }), t("Start"))
      )}
    </span>
  );
}
