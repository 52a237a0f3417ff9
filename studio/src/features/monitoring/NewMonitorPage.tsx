import { Button, Checkbox, Field, Input, Select, SpinButton } from "@fluentui/react-components";
import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { json } from "../../api/client";
import { onlineEndpoints, onlinePath, type OnlineDeployment } from "../../api/endpoints";
import { assets, computes, list, versions } from "../../api/queries";
import type { Resource } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { collects } from "./collects";
import "./monitoring.css";
import { bodyOf, CATEGORICAL, NUMERICAL, signals, TITLES, type Plan, type SignalPlan } from "./plan";
import { spaced } from "../../ui/terms";

/** Leads from a deployment to a monitor of it. */
export function NewMonitorPage() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const given = useSearch({ from: "/monitoring/new" });
  const [plan, setPlan] = useState<Plan>(() => ({
    name: given.deployment ? `${given.deployment.replace(":", "-")}-monitor` : "",
    deployment: given.deployment ?? "",
    task: "Classification",
    signals: signals(),
    reference: "",
    target: "",
    frequency: "Day",
    interval: 1,
    hour: 3,
    emails: "",
    webhook: "",
    compute: "",
  }));
  const set = (values: Partial<Plan>) => setPlan((old) => ({ ...old, ...values }));
  const setSignal = (changed: SignalPlan) =>
    set({ signals: plan.signals.map((each) => (each.kind === changed.kind ? changed : each)) });

  const known = useKnownDeployments(scope);
  const data = useQuery(assets(scope, "data"));
  const [asset, version] = plan.reference.split(":");
  const dataVersions = useQuery({ ...versions(scope, "data", asset), enabled: asset !== "" });
  const chosen = dataVersions.data?.find(({ name }) => name === version) ?? dataVersions.data?.[0];
  const connections = useQuery(list<Resource<object>>(`${scope}/connections`, "connections"));
  const places = useQuery(computes(scope));
  const create = useMutation({
    mutationFn: () => {
      const whole = { ...plan, reference: chosen ? `${asset}:${chosen.name}` : "" };
      const type = String(chosen?.properties.dataType ?? "uri_folder");
      return json(`${scope}/schedules/${encodeURIComponent(plan.name)}`, { method: "PUT", body: bodyOf(whole, type) });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["monitors", scope] });
      void navigate({ to: "/monitoring/$name", params: { name: plan.name }, search: {} });
    },
  });
  const needsReference = plan.signals.some(({ kind, isOn }) => kind === "FeatureAttributionDrift" && isOn);
  const isReady =
    plan.name !== "" &&
    plan.deployment !== "" &&
    plan.signals.some(({ isOn }) => isOn) &&
    (!needsReference || (asset !== "" && plan.target !== ""));
  return (
    <Page title={t("New monitor")} above={<Link to="/monitoring">{t("Monitoring")}</Link>}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Section title={t("What is monitored")}>
          <Field label={t("Deployment")} required hint={t("Those that collect what they are asked and answer.")}>
            <Select
              value={plan.deployment}
              onChange={(_, { value }) =>
                set({ deployment: value, name: plan.name || `${value.replace(":", "-")}-monitor` })
              }
            >
              <option value="">{t("Choose")}</option>
              {plan.deployment && !known.includes(plan.deployment) && <option>{plan.deployment}</option>}
              {known.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          </Field>
          <Field label={t("Task of the model")}>
            <Select value={plan.task} onChange={(_, { value }) => set({ task: value })}>
              <option value="Classification">{t("Classification")}</option>
              <option value="Regression">{t("Regression")}</option>
            </Select>
          </Field>
          <Field label={t("Name")} required>
            <Input value={plan.name} onChange={(_, { value }) => set({ name: value })} />
          </Field>
        </Section>
        <Section title={t("What it is compared with")}>
          <Field label={t("Data")}>
            <Select value={asset} onChange={(_, { value }) => set({ reference: value })}>
              <option value="">{t("What was collected before")}</option>
              {(data.data ?? []).map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          {chosen && (
            <Field label={t("Version")}>
              <Select value={chosen.name} onChange={(_, { value }) => set({ reference: `${asset}:${value}` })}>
                {(dataVersions.data ?? []).map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </Select>
            </Field>
          )}
          {asset !== "" && (
            <Field
              label={t("Target column")}
              required={needsReference}
              hint={t("What the model should answer; it is not compared.")}
            >
              <Input value={plan.target} onChange={(_, { value }) => set({ target: value })} />
            </Field>
          )}
        </Section>
        <Section title={t("Signals")}>
          {plan.signals.map((each) => (
            <SignalFields key={each.kind} of={each} onChange={setSignal} />
          ))}
          {needsReference && asset === "" && (
            <p role="note">{t("Feature attribution needs training data and its target column.")}</p>
          )}
        </Section>
        <Section title={t("When it runs")}>
          <div className="row wrap">
            <Field label={t("Every")}>
              <SpinButton
                min={1}
                max={100}
                value={plan.interval}
                onChange={(_, { value, displayValue }) => set({ interval: value ?? (Number(displayValue) || 1) })}
              />
            </Field>
            <Field label={t("Unit")}>
              <Select value={plan.frequency} onChange={(_, { value }) => set({ frequency: value })}>
                <option value="Hour">{t("Hours")}</option>
                <option value="Day">{t("Days")}</option>
                <option value="Week">{t("Weeks")}</option>
                <option value="Month">{t("Months")}</option>
              </Select>
            </Field>
            {plan.frequency !== "Hour" && (
              <Field label={t("At the hour (UTC)")}>
                <SpinButton
                  min={0}
                  max={23}
                  value={plan.hour}
                  onChange={(_, { value, displayValue }) => set({ hour: value ?? (Number(displayValue) || 0) })}
                />
              </Field>
            )}
          </div>
          <Field label={t("Compute")}>
            <Select value={plan.compute} onChange={(_, { value }) => set({ compute: value })}>
              <option value="">{t("The default one")}</option>
              {(places.data ?? []).map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
        </Section>
        <Section title={t("Who is told")}>
          <Field label={t("E-mail addresses")} hint={t("With commas between them.")}>
            <Input value={plan.emails} onChange={(_, { value }) => set({ emails: value })} />
          </Field>
          <Field label={t("Webhook")} hint={t("A connection whose target is its address.")}>
            <Select value={plan.webhook} onChange={(_, { value }) => set({ webhook: value })}>
              <option value="">{t("None")}</option>
              {(connections.data ?? []).map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
        </Section>
        {create.error && <Problem error={create.error} />}
        <div>
          <Button appearance="primary" type="submit" disabled={!isReady || create.isPending}>
            {t("Create")}
          </Button>
        </div>
      </form>
    </Page>
  );
}

interface SignalProps {
  of: SignalPlan;
  onChange: (changed: SignalPlan) => void;
}

function SignalFields({ of, onChange }: SignalProps) {
  const t = useT();
  const title = t(TITLES[of.kind]);
  return (
    <fieldset className="signal-fields">
      <legend>
        <Checkbox
          label={title}
          checked={of.isOn}
          onChange={(_, { checked }) => onChange({ ...of, isOn: checked === true })}
        />
      </legend>
      {of.isOn && (
        <div className="row wrap">
          {of.kind.endsWith("Drift") && of.kind !== "FeatureAttributionDrift" && (
            <MetricField
              label={t("Metric of numbers")}
              metrics={NUMERICAL}
              value={of.numericalMetric}
              onChange={(numericalMetric) => onChange({ ...of, numericalMetric })}
            />
          )}
          <LimitField
            label={of.kind === "FeatureAttributionDrift" ? t("Told below this likeness") : t("Threshold of numbers")}
            value={of.numerical}
            onChange={(numerical) => onChange({ ...of, numerical })}
          />
          {of.kind !== "FeatureAttributionDrift" && (
            <>
              {of.kind !== "DataQuality" && (
                <MetricField
                  label={t("Metric of categories")}
                  metrics={CATEGORICAL}
                  value={of.categoricalMetric}
                  onChange={(categoricalMetric) => onChange({ ...of, categoricalMetric })}
                />
              )}
              <LimitField
                label={t("Threshold of categories")}
                value={of.categorical}
                onChange={(categorical) => onChange({ ...of, categorical })}
              />
            </>
          )}
          <Checkbox
            label={t("Alerts")}
            checked={of.alerts}
            onChange={(_, { checked }) => onChange({ ...of, alerts: checked === true })}
          />
        </div>
      )}
    </fieldset>
  );
}

interface MetricProps {
  label: string;
  metrics: string[];
  value: string;
  onChange: (metric: string) => void;
}

function MetricField({ label, metrics, value, onChange }: MetricProps) {
  return (
    <Field label={label}>
      <Select value={value} onChange={(_, data) => onChange(data.value)}>
        {metrics.map((each) => (
          <option key={each} value={each}>
            {spaced(each)}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function LimitField({ label, value, onChange }: { label: string; value: number; onChange: (limit: number) => void }) {
  return (
    <Field label={label}>
      <SpinButton
        min={0}
        step={0.01}
        precision={3}
        value={value}
        onChange={(_, data) => onChange(data.value ?? (Number(data.displayValue) || 0))}
      />
    </Field>
  );
}

/** Deployments that collect something, as `endpoint:deployment`. */
function useKnownDeployments(scope: string): string[] {
  const endpoints = useQuery(onlineEndpoints(scope));
  const each = useQueries({
    queries: (endpoints.data ?? []).map(({ name }) =>
      list<OnlineDeployment>(`${onlinePath(scope, name)}/deployments`, "endpoints"),
    ),
  });
  return (endpoints.data ?? []).flatMap(({ name }, index) =>
    (each[index]?.data ?? [])
      .filter(({ properties }) => collects(properties.dataCollector))
      .map((deployment) => `${name}:${deployment.name}`),
  );
}
