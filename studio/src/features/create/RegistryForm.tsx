import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { groupOf } from "../registries/registries";
import { Form } from "./Form";

/** A place that workspaces share assets in. */
export default function RegistryForm() {
  const t = useT();
  const group = groupOf(useScope());
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: () =>
      request(`${group}/providers/Microsoft.MachineLearningServices/registries/${encodeURIComponent(name.trim())}`, {
        method: "PUT",
        body: { location: "local", tags: description ? { description } : {}, properties: {} },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["registries"] });
      void navigate({ to: "/registries/$name", params: { name: name.trim() } });
    },
  });
  return (
    <Form onSubmit={() => create.mutate()} isPending={create.isPending} isReady={!!name.trim()} error={create.error}>
      <Field label={t("Name of the registry")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Description")}>
        <Input value={description} onChange={(_, { value }) => setDescription(value)} />
      </Field>
    </Form>
  );
}
