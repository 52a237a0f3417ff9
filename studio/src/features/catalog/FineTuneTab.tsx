import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { assets, computes } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Form } from "../create/Form";
import type { CardProps } from "./ModelPage";

const TASKS: Record<string, string> = { "chat-completion": "ChatCompletion", "text-generation": "TextCompletion" };
const DEFAULTS = { num_train_epochs: "1", learning_rate: "0.00002", per_device_train_batch_size: "1" };
type Parameter = keyof typeof DEFAULTS;

/** Trains a model further with lines of a data asset. */
export default function FineTuneTab({ card }: CardProps) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const { properties } = card;
  const data = useQuery(assets(scope, "data"));
  const places = useQuery(computes(scope));
  const tasks = properties.fineTuningTasks.filter((each) => each in TASKS);
  const [task, setTask] = useState(tasks[0] ?? "");
  const [training, setTraining] = useState("");
  const [validation, setValidation] = useState("");
  const [compute, setCompute] = useState("");
  const [name, setName] = useState(`${card.name}-tuned`);
  const [hasAdapters, setAdapters] = useState(true);
  const given = properties.fineTuningDefaults;
  const [values, setValues] = useState<Record<Parameter, string>>({
    num_train_epochs: given.num_train_epochs ?? DEFAULTS.num_train_epochs,
    learning_rate: given.learning_rate ?? DEFAULTS.learning_rate,
    per_device_train_batch_size: given.per_device_train_batch_size ?? DEFAULTS.per_device_train_batch_size,
  });
  const submit = useMutation({
    mutationFn: async () => {
      const job = `finetune-${crypto.randomUUID().slice(0, 8)}`;
      const lines = (asset: string) => ({ jobInputType: "uri_file", uri: `azureml:${asset}@latest` });
      await request(`${scope}/jobs/${job}`, {
        method: "PUT",
        body: {
          properties: {
            jobType: "FineTuning",
            displayName: name,
            experimentName: "finetuning",
            computeId: compute ? `${scope}/computes/${compute}` : undefined,
            fineTuningDetails: {
              modelProvider: "Custom",
              taskType: TASKS[task],
              model: { jobInputType: "mlflow_model", uri: properties.model },
              trainingData: lines(training),
              validationData: validation ? lines(validation) : undefined,
              hyperParameters: { ...values, apply_lora: String(hasAdapters) },
            },
            outputs: { registered_model: { jobOutputType: "mlflow_model", assetName: name } },
          },
        },
      });
      return job;
    },
    onSuccess: (job) => void navigate({ to: "/jobs/$name", params: { name: job } }),
  });
  if (!properties.model) return <Empty>{t("Bring the model in first: its weights are not here.")}</Empty>;
  if (tasks.length === 0) {
    return (
      <Empty>
        {t("{tasks} is not trained here: chat-completion and text-generation are.", {
          tasks: properties.fineTuningTasks.join(", "),
        })}
      </Empty>
    );
  }
  const options = (data.data ?? []).map((asset) => <option key={asset.name}>{asset.name}</option>);
  return (
    <Form
      onSubmit={() => submit.mutate()}
      isPending={submit.isPending}
      isReady={!!training && !!name.trim()}
      error={submit.error}
      action={t("Submit")}
    >
      <Field label={t("Task")}>
        <Select value={task} onChange={(_, { value }) => setTask(value)}>
          {tasks.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Field
        label={t("Lines to learn from")}
        hint={t('A data asset: a file with one JSON object a line, such as {"messages": [...]}.')}
        required
      >
        <Select value={training} onChange={(_, { value }) => setTraining(value)}>
          <option value="" />
          {options}
        </Select>
      </Field>
      <Field label={t("Lines to check with")}>
        <Select value={validation} onChange={(_, { value }) => setValidation(value)}>
          <option value="">{t("None")}</option>
          {options}
        </Select>
      </Field>
      <Field label={t("Compute")}>
        <Select value={compute} onChange={(_, { value }) => setCompute(value)}>
          <option value="">{t("This machine")}</option>
          {(places.data ?? []).map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </Select>
      </Field>
      <Checkbox
        checked={hasAdapters}
        label={t("Train adapters only (LoRA), which takes far less memory")}
        onChange={(_, { checked }) => setAdapters(checked === true)}
      />
      {(Object.keys(DEFAULTS) as Parameter[]).map((each) => (
        <Field key={each} label={each}>
          <Input
            inputMode="decimal"
            value={values[each]}
            onChange={(_, { value }) => setValues((old) => ({ ...old, [each]: value }))}
          />
        </Field>
      ))}
      <Field label={t("Name of the trained model")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
    </Form>
  );
}
