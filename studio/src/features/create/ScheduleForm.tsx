import { Field, Input, Radio, RadioGroup, Select, SpinButton } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { someJobs } from "../../api/queries";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Form } from "./Form";

const UNITS: [string, Message][] = [
  ["Minute", "Minutes"],
  ["Hour", "Hours"],
  ["Day", "Days"],
  ["Week", "Weeks"],
  ["Month", "Months"],
];

/** Runs a job again and again, as it was submitted once. */
export default function ScheduleForm() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const given = useSearch({ from: "/new/$kind" });
  const jobs = useQuery(someJobs(scope, { $top: 200 }));
  const [name, setName] = useState(given.name ?? "");
  const [job, setJob] = useState(given.job ?? "");
  const [rule, setRule] = useState("cron");
  const [expression, setExpression] = useState("0 3 * * *");
  const [unit, setUnit] = useState("Day");
  const [interval, setInterval] = useState(1);
  const [timeZone, setTimeZone] = useState("UTC");
  const create = useMutation({
    mutationFn: () => {
      const trigger =
        rule === "cron"
          ? { triggerType: "Cron", expression, timeZone }
          : { triggerType: "Recurrence", frequency: unit, interval, timeZone };
      const jobDefinition = { jobType: "Pipeline", sourceJobId: `${scope}/jobs/${job}` };
      const properties = {
        displayName: name,
        isEnabled: true,
        trigger,
        action: { actionType: "CreateJob", jobDefinition },
      };
      return request(`${scope}/schedules/${encodeURIComponent(name)}`, { method: "PUT", body: { properties } });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["schedules"] });
      void navigate({ to: "/schedules/$name", params: { name } });
    },
  });
  const all = jobs.data ?? [];
  const isKnown = all.some((each) => each.name === job);
  return (
    <Form
      onSubmit={() => create.mutate()}
      isPending={create.isPending}
      isReady={name.trim() !== "" && job !== ""}
      error={create.error}
    >
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Job")} required>
        <Select value={job} onChange={(_, { value }) => setJob(value)}>
          <option value="">{t("Choose")}</option>
          {job && !isKnown && <option>{job}</option>}
          {all.map((each) => (
            <option key={each.name} value={each.name}>
              {each.properties.displayName} ({each.name})
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t("Fires")}>
        <RadioGroup layout="horizontal" value={rule} onChange={(_, { value }) => setRule(value)}>
          <Radio value="cron" label={t("By a cron expression")} />
          <Radio value="recurrence" label={t("At regular intervals")} />
        </RadioGroup>
      </Field>
      {rule === "cron" ? (
        <Field label={t("Cron expression")}>
          <Input value={expression} onChange={(_, { value }) => setExpression(value)} />
        </Field>
      ) : (
        <div className="row wrap">
          <Field label={t("Every")}>
            <SpinButton
              min={1}
              max={1000}
              value={interval}
              onChange={(_, { value, displayValue }) => setInterval(value ?? (Number(displayValue) || 1))}
            />
          </Field>
          <Field label={t("Unit")}>
            <Select value={unit} onChange={(_, { value }) => setUnit(value)}>
              {UNITS.map(([each, title]) => (
                <option key={each} value={each}>
                  {t(title)}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      )}
      <Field label={t("Time zone")}>
        <Input value={timeZone} onChange={(_, { value }) => setTimeZone(value)} />
      </Field>
    </Form>
  );
}
