import { Button, Field, Input, Switch, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { job as jobQuery } from "../../api/queries";
import type { Job, JobPort, JobProperties } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { Waiting } from "../../ui/Waiting";
import { draftOf, submitAgain } from "./again";
import { queuedWith } from "./priority";
import { PriorityField } from "./PriorityField";

const Code = lazy(() => import("../../ui/Code"));

/** Submit a job again with other values. */
export function ClonePage() {
  const t = useT();
  const { name } = useParams({ from: "/jobs/$name/clone" });
  const found = useQuery(jobQuery(useScope(), name));
  return (
    <Page
      title={t("Clone and edit")}
      above={
        <>
          <Link to="/jobs">{t("Jobs")}</Link> /{" "}
          <Link to="/jobs/$name" params={{ name }}>
            {name}
          </Link>
        </>
      }
    >
      <Loaded of={found}>{(job) => <Form key={job.name} job={job} />}</Loaded>
    </Page>
  );
}

function Form({ job }: { job: Job }) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(() => draftOf(job));
  const [isWhole, setWhole] = useState(false);
  const [text, setText] = useState("");
  const submit = useMutation({
    mutationFn: () => {
      const properties = isWhole ? (JSON.parse(text) as JobProperties) : draft;
      return submitAgain(scope, job.name, properties);
    },
    onSuccess: (made) => void navigate({ to: "/jobs/$name", params: { name: made.name } }),
  });
  const set = (values: Partial<JobProperties>) => setDraft({ ...draft, ...values });
  const literals = Object.entries(draft.inputs ?? {}).filter(([, port]) => port?.jobInputType === "literal");
  const setInput = (name: string, port: JobPort) => set({ inputs: { ...draft.inputs, [name]: port } });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        submit.mutate();
      }}
    >
      <Switch
        label={t("Edit the whole definition")}
        checked={isWhole}
        onChange={(_, { checked }) => {
          if (checked) setText(JSON.stringify(draft, null, 2));
          setWhole(checked);
        }}
      />
      {isWhole ? (
        <Suspense fallback={<Waiting />}>
          <Code text={text} name="job.json" label={t("Definition of the job")} onChange={setText} />
        </Suspense>
      ) : (
        <>
          <Field label={t("Display name")}>
            <Input value={draft.displayName} onChange={(_, { value }) => set({ displayName: value })} />
          </Field>
          <Field label={t("Experiment")}>
            <Input value={draft.experimentName} onChange={(_, { value }) => set({ experimentName: value })} />
          </Field>
          {draft.command !== undefined && (
            <Field label={t("Command")}>
              <Textarea rows={3} value={draft.command} onChange={(_, { value }) => set({ command: value })} />
            </Field>
          )}
          <PriorityField
            value={draft.queueSettings?.priority}
            onChange={(priority) => set({ queueSettings: queuedWith(draft.queueSettings, priority) })}
          />
          {literals.length > 0 && (
            <Section title={t("Inputs")}>
              {literals.map(([name, port]) => (
                <Field key={name} label={name}>
                  <Input value={port.value ?? ""} onChange={(_, { value }) => setInput(name, { ...port, value })} />
                </Field>
              ))}
            </Section>
          )}
        </>
      )}
      {submit.error && <Problem error={submit.error} />}
      <div>
        <Button appearance="primary" type="submit" disabled={submit.isPending}>
          {t("Submit")}
        </Button>
      </div>
    </form>
  );
}
