import { Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { json } from "../../api/client";
import { assets, computes } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Form } from "../create/Form";
import { check } from "../designer/useCheck";
import { evaluation, MEASURED, NOTHING, type Evaluation } from "./evaluation";
import type { CardProps } from "./ModelPage";

/** Lets a model answer the lines of a data asset, and compares its answers with what is right. */
export default function EvaluateTab({ card }: CardProps) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { model, inferenceTasks } = card.properties;
  const data = useQuery(assets(scope, "data"));
  const places = useQuery(computes(scope));
  const tasks = inferenceTasks.filter((each) => MEASURED.has(each));
  const [wanted, setWanted] = useState<Evaluation>({ ...NOTHING, task: tasks[0] ?? "" });
  const set = (changes: Partial<Evaluation>) => setWanted((old) => ({ ...old, ...changes }));
  const submit = useMutation({
    mutationFn: async () => {
      const yaml = JSON.stringify(evaluation(card.name, model ?? "", wanted));
      const { body, problems } = await client.fetchQuery(check(scope, "job", yaml));
      if (problems.length > 0 || body === null) throw new Error(problems[0]?.message);
      const job = `evaluate-${crypto.randomUUID().slice(0, 8)}`;
      return json<Job>(`${scope}/jobs/${job}`, { method: "PUT", body });
    },
    onSuccess: ({ name }) => void navigate({ to: "/jobs/$name", params: { name } }),
  });
  if (!model) return <Empty>{t("Bring the model in first: its weights are not here.")}</Empty>;
  if (tasks.length === 0) {
    return (
      <Empty>{t("Answers of chat-completion and text-generation are measured here; this model does neither.")}</Empty>
    );
  }
  const isText = wanted.task === "text-generation";
  return (
    <Form
      onSubmit={() => submit.mutate()}
      isPending={submit.isPending}
      isReady={!!wanted.data}
      error={submit.error}
      action={t("Evaluate")}
    >
      <p className="faint">
        {t("Each line is answered the likeliest way; exact match, F1 and ROUGE-L stand in the run of the last step.")}
      </p>
      <Field label={t("Task")}>
        <Select value={wanted.task} onChange={(_, { value }) => set({ task: value })}>
          {tasks.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Field
        label={t("Lines to answer")}
        hint={t("A data asset: a file with one JSON object a line, which holds what is right as well.")}
        required
      >
        <Select value={wanted.data} onChange={(_, { value }) => set({ data: value })}>
          <option value="" />
          {(data.data ?? []).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      {isText && (
        <Field label={t("Column with the text")}>
          <Input value={wanted.input} onChange={(_, { value }) => set({ input: value })} />
        </Field>
      )}
      <Field
        label={t("Column with what is right")}
        hint={isText ? undefined : t("Only where the last message is not the assistant's.")}
      >
        <Input value={wanted.label} onChange={(_, { value }) => set({ label: value })} />
      </Field>
      <Field label={t("Tokens of an answer at most")}>
        <Input inputMode="numeric" value={wanted.tokens} onChange={(_, { value }) => set({ tokens: value })} />
      </Field>
      <Field label={t("Compute")}>
        <Select value={wanted.compute} onChange={(_, { value }) => set({ compute: value })}>
          <option value="">{t("This machine")}</option>
          {(places.data ?? []).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
    </Form>
  );
}
