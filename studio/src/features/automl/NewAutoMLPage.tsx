import { Checkbox, Field, Input, Radio, RadioGroup, Select, SpinButton } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useId, useState } from "react";
import { json } from "../../api/client";
import type { Job } from "../../api/types";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Form } from "../create/Form";
import { ComputeSelect } from "../designer/ComputeSelect";
import { DataPicker } from "../flows/runs/DataPicker";
import { newJobName } from "../jobs/names";
import { PriorityField } from "../jobs/PriorityField";
import { columns, typeOf } from "./columns";
import { FIRST, isReady, propertiesOf, type Plan } from "./plan";
import { TASKS, type Task } from "./words";

const CHECKS: [Plan["validation"], Message][] = [
  ["auto", "Automatic"],
  ["share", "A share of the training data"],
  ["folds", "Cross-validation"],
  ["data", "Additional validation data"],
];

/** From a table to a search for the model that tells a column of it best. */
export function NewAutoMLPage() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const given = useSearch({ from: "/automl/new" });
  const [plan, setPlan] = useState<Plan>({ ...FIRST, data: given.data ?? "" });
  const set = (values: Partial<Plan>) => setPlan((old) => ({ ...old, ...values }));
  const known = useQuery(columns(client, scope, plan.data));
  const words = TASKS[plan.task];
  const metric = words.metrics.includes(plan.metric) ? plan.metric : words.metrics[0];
  const submit = useMutation({
    mutationFn: async () => {
      const tables = [plan.data, plan.validationData, plan.testData].filter(Boolean);
      const types = new Map<string, string>();
      for (const uri of tables) types.set(uri, await typeOf(client, scope, uri));
      const properties = propertiesOf(plan, metric, (uri) => types.get(uri) ?? "mltable");
      const path = `${scope}/jobs/${newJobName("automl")}`;
      return json<Job>(path, { method: "PUT", body: { properties } });
    },
    onSuccess: (job) => void navigate({ to: "/jobs/$name", params: { name: job.name } }),
  });
  return (
    <Page title={t("New automated ML job")} above={<Link to="/automl">{t("Automated ML")}</Link>}>
      <Form
        onSubmit={() => submit.mutate()}
        isPending={submit.isPending}
        isReady={isReady(plan)}
        error={submit.error}
        action={t("Submit")}
      >
        <Section title={t("Training data")}>
          <div className="fields">
            <DataPicker value={plan.data} onChange={(data) => set({ data, target: "" })} />
          </div>
        </Section>
        <Section title={t("Task")}>
          <div className="fields">
            <RadioGroup
              layout="horizontal"
              aria-label={t("Task")}
              value={plan.task}
              onChange={(_, { value }) => set({ task: value as Task, algorithms: [] })}
            >
              {Object.entries(TASKS).map(([task, { title }]) => (
                <Radio key={task} value={task} label={t(title)} />
              ))}
            </RadioGroup>
            <ColumnField
              label={t("Target column")}
              known={known.data ?? []}
              value={plan.target}
              onChange={(target) => set({ target })}
            />
            {plan.task === "Forecasting" && (
              <>
                <ColumnField
                  label={t("Column with the time")}
                  known={known.data ?? []}
                  value={plan.time}
                  onChange={(time) => set({ time })}
                />
                <Count label={t("Forecast horizon")} value={plan.horizon} onChange={(horizon) => set({ horizon })} />
                <Field label={t("Columns that part the series")} hint="store, product">
                  <Input value={plan.series} onChange={(_, { value }) => set({ series: value })} />
                </Field>
              </>
            )}
            <Field label={t("Primary metric")}>
              <Select value={metric} onChange={(_, { value }) => set({ metric: value })}>
                {words.metrics.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </Select>
            </Field>
            <Field label={t("Name")}>
              <Input value={plan.name} onChange={(_, { value }) => set({ name: value })} />
            </Field>
            <Field label={t("Register the best model as")}>
              <Input value={plan.model} onChange={(_, { value }) => set({ model: value })} />
            </Field>
          </div>
        </Section>
        <Section title={t("How the data is checked")}>
          <Validation plan={plan} set={set} />
        </Section>
        <Section title={t("Algorithms")}>
          <p className="faint">{t("All algorithms, unless some are chosen.")}</p>
          <div className="choices">
            {words.algorithms.map((each) => (
              <Checkbox
                key={each}
                label={each}
                checked={plan.algorithms.includes(each)}
                onChange={(_, { checked }) =>
                  set({
                    algorithms: checked ? [...plan.algorithms, each] : plan.algorithms.filter((one) => one !== each),
                  })
                }
              />
            ))}
          </div>
        </Section>
        <Section title={t("Limits")}>
          <div className="fields two">
            <Count
              label={t("Models to try at most")}
              value={plan.maxTrials}
              onChange={(maxTrials) => set({ maxTrials })}
            />
            <Count label={t("Trials at once")} value={plan.atOnce} onChange={(atOnce) => set({ atOnce })} />
            <Count label={t("Minutes at most")} value={plan.minutes} onChange={(minutes) => set({ minutes })} />
            <Count
              label={t("Minutes for each trial")}
              value={plan.trialMinutes}
              onChange={(trialMinutes) => set({ trialMinutes })}
            />
            <Field label={t("Compute")}>
              <ComputeSelect value={plan.compute} onChange={(compute) => set({ compute })} />
            </Field>
            <PriorityField value={plan.priority} onChange={(priority) => set({ priority })} />
          </div>
        </Section>
      </Form>
    </Page>
  );
}

interface PartProps {
  plan: Plan;
  set: (values: Partial<Plan>) => void;
}

function Validation({ plan, set }: PartProps) {
  const t = useT();
  return (
    <div className="fields">
      <Field label={t("Validation")}>
        <Select value={plan.validation} onChange={(_, { value }) => set({ validation: value as Plan["validation"] })}>
          {CHECKS.map(([id, title]) => (
            <option key={id} value={id}>
              {t(title)}
            </option>
          ))}
        </Select>
      </Field>
      {plan.validation === "share" && (
        <Count label="%" value={plan.validationShare} most={90} onChange={(value) => set({ validationShare: value })} />
      )}
      {plan.validation === "folds" && (
        <Count label={t("Folds")} value={plan.folds} most={100} onChange={(folds) => set({ folds })} />
      )}
      {plan.validation === "data" && (
        <DataPicker value={plan.validationData} onChange={(validationData) => set({ validationData })} />
      )}
      <Section title={t("Test data")}>
        <div className="fields">
          <DataPicker isOptional value={plan.testData} onChange={(testData) => set({ testData })} />
        </div>
      </Section>
    </div>
  );
}

interface ColumnProps {
  label: string;
  known: readonly string[];
  value: string;
  onChange: (column: string) => void;
}

/** A column by its name; those of the table are offered. */
function ColumnField({ label, known, value, onChange }: ColumnProps) {
  const list = useId();
  return (
    <Field label={label} required>
      <Input list={list} value={value} onChange={(_, data) => onChange(data.value)} />
      <datalist id={list}>
        {known.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </Field>
  );
}

interface CountProps {
  label: string;
  value: number;
  most?: number;
  onChange: (value: number) => void;
}

function Count({ label, value, most = 10_000, onChange }: CountProps) {
  return (
    <Field label={label}>
      <SpinButton
        min={1}
        max={most}
        value={value}
        onChange={(_, data) => onChange(data.value ?? (Number(data.displayValue) || 1))}
      />
    </Field>
  );
}
