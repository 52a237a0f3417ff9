import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  Select,
  Textarea,
} from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { nameOf, prepareJob, runAsJob, type RunWish } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";
import { Problem } from "../../ui/Problem";
import { PriorityField } from "../jobs/PriorityField";
import type { Where } from "./KernelBar";
import { ComputePicker, EnvironmentPicker } from "./Places";
import { useFocusBack } from "../../ui/useFocusBack";

interface Props {
  path: string;
  where: Where;
  /** What has to be saved first. */
  onBefore: () => Promise<void>;
  onClose: () => void;
}

type When = "now" | "daily" | "weekly";

/** Submits a notebook or a script with everything beside it, once or by a schedule. */
export function RunAsJob({ path, where, onBefore, onClose }: Props) {
  const t = useT();
  useFocusBack();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const name = nameOf(path);
  const [environment, setEnvironment] = useState(where.environment);
  const [compute, setCompute] = useState("");
  const [title, setTitle] = useState(name);
  const [priority, setPriority] = useState<number>();
  const [parameters, setParameters] = useState("");
  const [when, setWhen] = useState<When>("now");
  const wish: RunWish = {
    path,
    inputs: pairs(parameters),
    job: {
      displayName: title,
      ...(environment ? { environment } : {}),
      ...(compute ? { compute } : {}),
      ...(priority ? { queueSettings: { priority } } : {}),
    },
  };
  const submit = useMutation({
    mutationFn: async () => {
      await onBefore();
      if (when === "now") {
        const { job } = await runAsJob(scope, wish);
        return () => navigate({ to: "/jobs/$name", params: { name: job } });
      }
      const schedule = `${name.replace(/\.\w+$/, "").replace(/[^A-Za-z0-9-]+/g, "-")}-${when}`;
      const job = await prepareJob(scope, wish);
      const hours = { frequency: when === "daily" ? "Day" : "Week", interval: 1, triggerType: "Recurrence" };
      const body = {
        properties: { action: { actionType: "CreateJob", jobDefinition: job.properties }, trigger: hours },
      };
      await request(`${scope}/schedules/${encodeURIComponent(schedule)}`, { method: "PUT", body });
      await client.invalidateQueries({ queryKey: ["schedules"] });
      return () => navigate({ to: "/schedules/$name", params: { name: schedule } });
    },
    onSuccess: (leave) => {
      onClose();
      showNotice("success", when === "now" ? t("Submitted.") : t("The schedule is made."));
      void leave();
    },
  });
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface onKeyDown={(event) => event.stopPropagation()}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            submit.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Run as a job")}</DialogTitle>
            <DialogContent className="nb-form">
              {submit.error && <Problem error={submit.error} />}
              <Field label={t("Display name")}>
                <Input value={title} onChange={(_, { value }) => setTitle(value)} />
              </Field>
              <Field label={t("Environment")}>
                <EnvironmentPicker value={environment} onChange={setEnvironment} />
              </Field>
              <Field label={t("Compute")}>
                <ComputePicker value={compute} forJobs onChange={setCompute} />
              </Field>
              <PriorityField value={priority} onChange={setPriority} />
              <Field label={t("Parameters")} hint={t("One a line: name=value")}>
                <Textarea value={parameters} rows={3} onChange={(_, { value }) => setParameters(value)} />
              </Field>
              <Field label={t("When to run")}>
                <Select value={when} onChange={(_, { value }) => setWhen(value as When)}>
                  <option value="now">{t("Now")}</option>
                  <option value="daily">{t("Every day")}</option>
                  <option value="weekly">{t("Every week")}</option>
                </Select>
              </Field>
              <p className="faint">{t("The folder of the file is copied first; the job keeps what it ran.")}</p>
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>{t("Leave it")}</Button>
              <Button type="submit" appearance="primary" disabled={submit.isPending}>
                {t("Submit")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

function pairs(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1).trim()]),
  );
}
