import { Button, Checkbox, Field, Input, Radio, RadioGroup, Select, SpinButton } from "@fluentui/react-components";
import { Rocket20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { batchEndpoints, endpointKey, onlineEndpoints } from "../../api/endpoints";
import { assets, computes, versions } from "../../api/queries";
import type { Picked, Progress } from "../../api/uploads";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { FilePicker, withoutRoot } from "../../ui/FilePicker";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { deploy, type Plan } from "./deploy";

const NEW = "";

/** Leads from a model to an endpoint that answers with it. */
export function DeployPage() {
  const given = useSearch({ from: "/deploy" });
  return <DeployForm key={Object.values(given).join(" ")} given={given} />;
}

interface Given {
  kind?: string;
  endpoint?: string;
  model?: string;
  version?: string;
}

function DeployForm({ given }: { given: Given }) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [plan, setPlan] = useState<Plan>({
    kind: given.kind === "batch" ? "batch" : "online",
    endpoint: given.endpoint ?? "",
    isNew: !given.endpoint,
    authMode: "Key",
    deployment: given.endpoint ? "green" : "blue",
    model: "",
    instances: 1,
    timeoutSeconds: 5,
    concurrency: 1,
    takesAll: true,
    compute: "",
    miniBatch: 10,
  });
  const [model, setModel] = useState({ name: given.model ?? "", version: given.version ?? "" });
  const [way, setWay] = useState("plain");
  const [files, setFiles] = useState<Picked[]>([]);
  const [script, setScript] = useState("");
  const [environment, setEnvironment] = useState({ name: "", version: "" });
  const [progress, setProgress] = useState<Progress | null>(null);
  const set = (values: Partial<Plan>) => setPlan((old) => ({ ...old, ...values }));

  const models = useQuery(assets(scope, "models"));
  const modelVersions = useQuery({ ...versions(scope, "models", model.name), enabled: model.name !== "" });
  const chosen = modelVersions.data?.find(({ name }) => name === model.version) ?? modelVersions.data?.[0];
  const online = useQuery({ ...onlineEndpoints(scope), enabled: plan.kind === "online" });
  const batch = useQuery({ ...batchEndpoints(scope), enabled: plan.kind === "batch" });
  const known = ((plan.kind === "online" ? online.data : batch.data) ?? []).map(({ name }) => name);
  const environments = useQuery({ ...assets(scope, "environments"), enabled: way === "script" });
  const environmentVersions = useQuery({
    ...versions(scope, "environments", environment.name),
    enabled: environment.name !== "",
  });
  const software =
    environmentVersions.data?.find(({ name }) => name === environment.version) ?? environmentVersions.data?.[0];
  const places = useQuery({
    ...computes(scope),
    enabled: plan.kind === "batch",
  });
  const scripts = withoutRoot(files)
    .files.map(({ path }) => path)
    .filter((path) => path.endsWith(".py"));
  const entry = scripts.includes(script) ? script : (scripts.find((path) => path === "score.py") ?? scripts[0] ?? "");

  const begin = useMutation({
    mutationFn: () => {
      const compute = plan.compute || places.data?.[0]?.id || "";
      const own = way === "script" ? { files, name: entry, environment: software?.id ?? "" } : undefined;
      return deploy(scope, { ...plan, compute, model: chosen?.id ?? "", script: own }, setProgress);
    },
    onSettled: () => {
      setProgress(null);
      return client.invalidateQueries({ queryKey: endpointKey(scope) });
    },
    onSuccess: () => {
      const to = plan.kind === "online" ? "/endpoints/online/$name" : "/endpoints/batch/$name";
      void navigate({ to, params: { name: plan.endpoint } });
    },
  });
  const isMlflow = chosen?.properties.modelType === "mlflow_model";
  const hasScript = way === "script" && entry !== "" && software !== undefined;
  const isReady = !!plan.endpoint && !!plan.deployment && !!chosen && (way === "plain" || hasScript);
  return (
    <Page title={t("Deploy")} above={<Link to="/endpoints">{t("Endpoints")}</Link>}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          begin.mutate();
        }}
      >
        <Section title={t("What is deployed")}>
          <Field label={t("Model")} required>
            <Select value={model.name} onChange={(_, { value }) => setModel({ name: value, version: "" })}>
              <option value="">{t("Choose")}</option>
              {(models.data ?? []).map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          {chosen && (
            <Field label={t("Version")} hint={String(chosen.properties.modelType ?? "")}>
              <Select value={chosen.name} onChange={(_, { value }) => setModel({ ...model, version: value })}>
                {(modelVersions.data ?? []).map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </Select>
            </Field>
          )}
          <Field label={t("How it is scored")}>
            <RadioGroup value={way} onChange={(_, { value }) => setWay(value)}>
              <Radio
                value="plain"
                label={
                  isMlflow || !chosen
                    ? t("Without code: the model says it itself")
                    : t("Without code: it is the folder of a flow")
                }
              />
              <Radio value="script" label={t("With a script of mine")} />
            </RadioGroup>
          </Field>
          {way === "script" && (
            <>
              <FilePicker label={t("Code")} files={files} onChange={setFiles} progress={progress} />
              {scripts.length > 0 && (
                <Field label={t("Script")}>
                  <Select value={entry} onChange={(_, { value }) => setScript(value)}>
                    {scripts.map((path) => (
                      <option key={path}>{path}</option>
                    ))}
                  </Select>
                </Field>
              )}
              <Field label={t("Environment")} required>
                <Select
                  value={environment.name}
                  onChange={(_, { value }) => setEnvironment({ name: value, version: "" })}
                >
                  <option value="">{t("Choose")}</option>
                  {(environments.data ?? []).map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
                </Select>
              </Field>
              {software && (
                <Field label={t("Version of the environment")}>
                  <Select
                    value={software.name}
                    onChange={(_, { value }) => setEnvironment({ ...environment, version: value })}
                  >
                    {(environmentVersions.data ?? []).map(({ name }) => (
                      <option key={name}>{name}</option>
                    ))}
                  </Select>
                </Field>
              )}
            </>
          )}
        </Section>
        <Section title={t("Where it answers")}>
          <Field label={t("Type")}>
            <RadioGroup
              layout="horizontal"
              value={plan.kind}
              onChange={(_, { value }) => set({ kind: value as Plan["kind"], endpoint: "", isNew: true })}
            >
              <Radio value="online" label={t("At once (online)")} />
              <Radio value="batch" label={t("By jobs (batch)")} />
            </RadioGroup>
          </Field>
          <Field label={t("Endpoint")}>
            <Select
              value={plan.isNew ? NEW : plan.endpoint}
              onChange={(_, { value }) => set({ endpoint: value, isNew: value === NEW })}
            >
              <option value={NEW}>{t("A new one")}</option>
              {!plan.isNew && !known.includes(plan.endpoint) && <option>{plan.endpoint}</option>}
              {known.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          {plan.isNew && (
            <Field label={t("Name of the endpoint")} required>
              <Input value={plan.endpoint} onChange={(_, { value }) => set({ endpoint: value })} />
            </Field>
          )}
          {plan.isNew && plan.kind === "online" && (
            <Field label={t("Callers come with")}>
              <Select value={plan.authMode} onChange={(_, { value }) => set({ authMode: value })}>
                <option value="Key">{t("A key")}</option>
                <option value="AMLToken">{t("A token of an hour")}</option>
                <option value="AADToken">{t("A token of their own")}</option>
              </Select>
            </Field>
          )}
          <Field label={t("Name of the deployment")} required>
            <Input value={plan.deployment} onChange={(_, { value }) => set({ deployment: value })} />
          </Field>
          <div className="row wrap">
            <Count label={t("Instances")} value={plan.instances} onChange={(instances) => set({ instances })} />
            {plan.kind === "online" ? (
              <>
                <Count
                  label={t("Requests at once for each")}
                  value={plan.concurrency}
                  onChange={(concurrency) => set({ concurrency })}
                />
                <Count
                  label={t("Seconds for a request")}
                  value={plan.timeoutSeconds}
                  most={300}
                  onChange={(timeoutSeconds) => set({ timeoutSeconds })}
                />
              </>
            ) : (
              <Count label={t("Files at once")} value={plan.miniBatch} onChange={(miniBatch) => set({ miniBatch })} />
            )}
          </div>
          {plan.kind === "batch" && (
            <Field label={t("Compute")}>
              <Select
                value={plan.compute || (places.data?.[0]?.id ?? "")}
                onChange={(_, { value }) => set({ compute: value })}
              >
                {(places.data ?? []).map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </Select>
            </Field>
          )}
          <Checkbox
            label={plan.kind === "online" ? t("It gets all the traffic") : t("It is the default")}
            checked={plan.takesAll}
            onChange={(_, { checked }) => set({ takesAll: checked === true })}
          />
        </Section>
        {begin.error && <Problem error={begin.error} />}
        <div>
          <Button appearance="primary" type="submit" icon={<Rocket20Regular />} disabled={!isReady || begin.isPending}>
            {t("Deploy")}
          </Button>
        </div>
      </form>
    </Page>
  );
}

interface CountProps {
  label: string;
  value: number;
  most?: number;
  onChange: (value: number) => void;
}

function Count({ label, value, most = 1000, onChange }: CountProps) {
  return (
    <Field label={label}>
      <SpinButton
        min={1}
        max={most}
        value={value}
        onChange={(_, { value: next, displayValue }) => onChange(next ?? (Number(displayValue) || 1))}
      />
    </Field>
  );
}
