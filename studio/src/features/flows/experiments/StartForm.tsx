import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../../../api/client";
import { TAG, type Experiment } from "../../../api/experiments";
import type { Job } from "../../../api/types";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Problem } from "../../../ui/Problem";

/** Starts an experiment as a pipeline job; what stays empty is as the template says it. */
export function StartForm({ experiment, onDone }: { experiment: Experiment; onDone: () => void }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const [given, setGiven] = useState<Record<string, string>>({});
  const start = useMutation({
    mutationFn: () =>
      json<Job>(`${scope}/jobs/${encodeURIComponent(newName(experiment.name))}`, {
        method: "PUT",
        body: {
          properties: {
            jobType: "Pipeline",
            componentId: `${scope}/components/${experiment.name}/versions/${experiment.version}`,
            experimentName: experiment.name,
            tags: { [TAG]: experiment.name },
            inputs: inputsOf(experiment, given),
          },
        },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["jobs", scope, ""] });
      onDone();
    },
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      {Object.entries({ ...experiment.values, ...experiment.data }).map(([name, port]) => (
        <Field key={name} label={name} hint={name in experiment.data ? t("Data") : port.type}>
          <Input
            value={given[name] ?? ""}
            placeholder={port.default === undefined || port.default === null ? "" : String(port.default)}
            required={port.default === undefined || port.default === null}
            onChange={(_, { value }) => setGiven((old) => ({ ...old, [name]: value }))}
          />
        </Field>
      ))}
      {start.error && <Problem error={start.error} />}
      <div className="row">
        <Button appearance="primary" type="submit" disabled={start.isPending}>
          {t("Start")}
        </Button>
        <Button onClick={onDone}>{t("Leave it")}</Button>
      </div>
    </form>
  );
}

function inputsOf({ data }: Experiment, given: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [
        name,
        name in data ? { jobInputType: data[name].type, uri: value } : { jobInputType: "literal", value },
      ]),
  );
}

const newName = (experiment: string): string => {
  const mark = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  return `${experiment.replace(/[^\w-]/g, "_").slice(0, 60)}_${mark}`;
};
