import { Checkbox, Field, Input, Select, SpinButton, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Tags } from "../../ui/Tags";
import { NOTHING, propertiesOf, type Wanted } from "./compute";
import { Form } from "./Form";

const TYPES: Record<Wanted["type"], Message> = {
  AmlCompute: "A cluster",
  ComputeInstance: "A compute instance",
};

/** A name under which jobs run here: files that ask for a cluster of this name run unchanged. */
export default function ComputeForm() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [wanted, setWanted] = useState(NOTHING);
  const set = (changes: Partial<Wanted>) => setWanted((old) => ({ ...old, ...changes }));
  const create = useMutation({
    mutationFn: () =>
      request(`${scope}/computes/${encodeURIComponent(name.trim())}`, {
        method: "PUT",
        body: { location: "local", tags: wanted.tags, properties: propertiesOf(wanted) },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["computes"] });
      void navigate({ to: "/compute" });
    },
  });
  const isCluster = wanted.type === "AmlCompute";
  return (
    <Form
      onSubmit={() => create.mutate()}
      isPending={create.isPending}
      isReady={!!name.trim() && wanted.least <= wanted.most}
      error={create.error}
    >
      <p className="faint">
        {isCluster
          ? t("Jobs that name this cluster run on the machine of the server.")
          : t("A name with a state for the machine of the server: notebooks and jobs run there while it is started.")}
      </p>
      <Field label={t("Type")}>
        <Select value={wanted.type} onChange={(_, { value }) => set({ type: value as Wanted["type"] })}>
          {Object.entries(TYPES).map(([type, title]) => (
            <option key={type} value={type}>
              {t(title)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Size")} hint={t("Kept as it is written: the machine is the one of the server.")}>
        <Input value={wanted.size} onChange={(_, { value }) => set({ size: value })} />
      </Field>
      {isCluster && <Scale wanted={wanted} set={set} />}
      <Field
        label={isCluster ? t("Seconds idle before nodes go") : t("Minutes idle before it stops")}
        hint={isCluster ? undefined : t("From 15 minutes to 3 days; nothing for never.")}
      >
        <Input
          inputMode="numeric"
          value={isCluster ? wanted.idleSeconds : wanted.idleMinutes}
          onChange={(_, { value }) => set(isCluster ? { idleSeconds: value } : { idleMinutes: value })}
        />
      </Field>
      <Checkbox
        checked={wanted.hasSsh}
        label={t("SSH is asked for (kept; this machine opens none)")}
        onChange={(_, { checked }) => set({ hasSsh: checked === true })}
      />
      {wanted.hasSsh && (
        <>
          {isCluster && (
            <Field label={t("Name of the administrator")}>
              <Input value={wanted.sshUser} onChange={(_, { value }) => set({ sshUser: value })} />
            </Field>
          )}
          <Field label={t("Public SSH key")}>
            <Textarea value={wanted.sshKey} onChange={(_, { value }) => set({ sshKey: value })} />
          </Field>
        </>
      )}
      <Field label={t("Description")}>
        <Input value={wanted.description} onChange={(_, { value }) => set({ description: value })} />
      </Field>
      <Field label={t("Tags")}>
        <Tags
          tags={wanted.tags}
          onChange={(changes) => {
            const tags = Object.entries({ ...wanted.tags, ...changes });
            set({ tags: Object.fromEntries(tags.filter((each): each is [string, string] => each[1] !== null)) });
          }}
        />
      </Field>
    </Form>
  );
}

interface ScaleProps {
  wanted: Wanted;
  set: (changes: Partial<Wanted>) => void;
}

function Scale({ wanted, set }: ScaleProps) {
  const t = useT();
  const isWrong = wanted.least > wanted.most;
  return (
    <>
      <Field label={t("Tier")}>
        <Select value={wanted.tier} onChange={(_, { value }) => set({ tier: value })}>
          <option value="Dedicated">{t("Dedicated")}</option>
          <option value="LowPriority">{t("Low priority")}</option>
        </Select>
      </Field>
      <Field label={t("Least nodes")}>
        <SpinButton
          min={0}
          max={1000}
          value={wanted.least}
          onChange={(_, { value, displayValue }) => set({ least: value ?? (Number(displayValue) || 0) })}
        />
      </Field>
      <Field
        label={t("Most nodes")}
        validationMessage={isWrong ? t("There cannot be fewer than the least.") : undefined}
        validationState={isWrong ? "error" : "none"}
      >
        <SpinButton
          min={1}
          max={1000}
          value={wanted.most}
          onChange={(_, { value, displayValue }) => set({ most: value ?? (Number(displayValue) || 1) })}
        />
      </Field>
    </>
  );
}
