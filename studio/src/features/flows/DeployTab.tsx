import { Button, Field, Input, MessageBar, MessageBarBody, Select, Switch } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { flowVersions } from "../../api/flows";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { AUTH_MODES, deploy, type Endpoint, type Plan, type Progress } from "./deploying";
import { useDraft } from "./useDraft";
import { Value } from "./Value";
import { termOf } from "../../ui/terms";

const NEW = "";

/** Puts a version of the flow behind an endpoint. */
export default function DeployTab() {
  const t = useT();
  const { flow } = useDraft();
  return (
    <>
      <Section title={t("Where it is deployed")}>
        {flow.deployments.length === 0 ? (
          <Empty>{t("It is not deployed yet.")}</Empty>
        ) : (
          <Table
            label={t("Where it is deployed")}
            rows={flow.deployments}
            rowKey={(each) => `${each.endpoint}/${each.deployment}`}
            columns={[
              {
                key: "endpoint",
                title: t("Endpoint"),
                cell: ({ endpoint }) => (
                  <Link to="/endpoints/online/$name" params={{ name: endpoint }}>
                    {endpoint}
                  </Link>
                ),
              },
              { key: "deployment", title: t("Deployment"), cell: ({ deployment }) => deployment },
              { key: "version", title: t("Version"), isNumber: true, cell: ({ version }) => version ?? "" },
            ]}
          />
        )}
      </Section>
      <Section title={t("Deploy a version")}>
        <Wizard />
      </Section>
    </>
  );
}

function Wizard() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const { flow, isDirty } = useDraft();
  const endpoints = useQuery(list<Endpoint>(`${scope}/onlineEndpoints`, "onlineEndpoints"));
  const versions = useQuery(flowVersions(scope, flow.name));
  const [plan, setPlan] = useState<Plan>({
    endpoint: flow.name
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .slice(0, 32),
    isNew: true,
    authMode: "Key",
    deployment: "blue",
    version: flow.latestVersion,
    instances: 1,
    takesAllTraffic: true,
  });
  const [progress, setProgress] = useState<Progress | null>(null);
  const set = (values: Partial<Plan>) => setPlan((old) => ({ ...old, ...values }));
  const start = useMutation({
    mutationFn: async () => {
      const version = versions.data?.find((each) => each.version === plan.version);
      if (!version) throw new Error(t("There is no such version."));
      return deploy(scope, flow.name, version, plan, setProgress);
    },
    onSuccess: () => set({ isNew: false }),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ["flows", scope, flow.name] });
      await client.invalidateQueries({ queryKey: ["onlineEndpoints"] });
    },
  });
  const isTaken =
    plan.isNew && !start.isPending && (endpoints.data?.some(({ name }) => name === plan.endpoint) ?? false);
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      {isDirty && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>{t("What is not saved is not deployed.")}</MessageBarBody>
        </MessageBar>
      )}
      <Field label={t("Endpoint")}>
        <Select
          value={plan.isNew ? NEW : plan.endpoint}
          onChange={(_, { value }) => set(value === NEW ? { isNew: true } : { isNew: false, endpoint: value })}
        >
          <option value={NEW}>{t("A new endpoint")}</option>
          {endpoints.data?.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      {plan.isNew && (
        <>
          <Field
            label={t("Name of the endpoint")}
            required
            validationMessage={isTaken ? t("There is one already.") : undefined}
          >
            <Input value={plan.endpoint} onChange={(_, { value }) => set({ endpoint: value })} />
          </Field>
          <Field label={t("Callers sign in with")}>
            <Select value={plan.authMode} onChange={(_, { value }) => set({ authMode: value })}>
              {AUTH_MODES.map((mode) => (
                <option key={mode} value={mode}>
                  {termOf(mode, t)}
                </option>
              ))}
            </Select>
          </Field>
        </>
      )}
      <Field label={t("Name of the deployment")} required>
        <Input value={plan.deployment} onChange={(_, { value }) => set({ deployment: value })} />
      </Field>
      <Field label={t("Version")}>
        <Select value={String(plan.version)} onChange={(_, { value }) => set({ version: Number(value) })}>
          {versions.data?.map(({ version, message }) => (
            <option key={version} value={version}>
              {message ? `${version} · ${message}` : version}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t("Instances")}>
        <Input
          type="number"
          min={1}
          value={String(plan.instances)}
          onChange={(_, { value }) => set({ instances: Math.max(1, Number(value) || 1) })}
        />
      </Field>
      <Switch
        label={t("Give it all the traffic once it is ready")}
        checked={plan.takesAllTraffic}
        onChange={(_, { checked }) => set({ takesAllTraffic: checked })}
      />
      {start.error && <Problem error={start.error} />}
      <div aria-live="polite">
        {progress && (
          <Facts
            of={[
              [t("Model"), progress.model],
              [t("Endpoint"), progress.endpoint],
              [t("Deployment"), progress.state],
              [t("Logs"), progress.logs && <Value key="logs" of={progress.logs} label={t("Logs")} />],
              [t("Address"), progress.address && <code className="wrap">{progress.address}</code>],
            ]}
          />
        )}
      </div>
      <div>
        <Button
          appearance="primary"
          type="submit"
          disabled={isTaken || !plan.endpoint || !plan.deployment || !versions.data || start.isPending}
        >
          {t("Deploy")}
        </Button>
      </div>
    </form>
  );
}
