import { Field, Input, SpinButton } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Form } from "./Form";

/** A name under which jobs run here: files that ask for a cluster of this name run unchanged. */
export default function ComputeForm() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [size, setSize] = useState("Standard_DS3_v2");
  const [most, setMost] = useState(4);
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: () =>
      request(`${scope}/computes/${encodeURIComponent(name)}`, {
        method: "PUT",
        body: {
          location: "local",
          properties: {
            computeType: "AmlCompute",
            description: description || undefined,
            properties: { vmSize: size, scaleSettings: { minNodeCount: 0, maxNodeCount: most } },
          },
        },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["computes"] });
      void navigate({ to: "/compute" });
    },
  });
  return (
    <Form onSubmit={() => create.mutate()} isPending={create.isPending} isReady={!!name.trim()} error={create.error}>
      <p className="faint">{t("Jobs that name this cluster run on the machine of the server.")}</p>
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Size")}>
        <Input value={size} onChange={(_, { value }) => setSize(value)} />
      </Field>
      <Field label={t("Nodes")}>
        <SpinButton
          min={1}
          max={1000}
          value={most}
          onChange={(_, { value, displayValue }) => setMost(value ?? (Number(displayValue) || 1))}
        />
      </Field>
      <Field label={t("Description")}>
        <Input value={description} onChange={(_, { value }) => setDescription(value)} />
      </Field>
    </Form>
  );
}
