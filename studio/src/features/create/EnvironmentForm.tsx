import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { json } from "../../api/client";
import type { Asset } from "../../api/types";
import { nextVersion } from "../../api/uploads";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Waiting } from "../../ui/Waiting";
import { Form } from "./Form";

const Code = lazy(() => import("../../ui/Code"));

const CONDA = `dependencies:
  - python=3.11
  - pip
  - pip:
      - mlflow-skinny
`;

/** Software that jobs and deployments run in. */
export default function EnvironmentForm() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [image, setImage] = useState("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04");
  const [condaFile, setConda] = useState(CONDA);
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: async () => {
      const version = await nextVersion(scope, "environments", name);
      const path = `${scope}/environments/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
      const properties = { image, condaFile: condaFile.trim() || undefined, description: description || undefined };
      return json<Asset>(path, { method: "PUT", body: { properties } });
    },
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ["environments", scope] });
      const search = { version: made.name };
      void navigate({ to: "/assets/$kind/$name", params: { kind: "environments", name }, search });
    },
  });
  return (
    <Form
      onSubmit={() => create.mutate()}
      isPending={create.isPending}
      isReady={name.trim() !== "" && image.trim() !== ""}
      error={create.error}
    >
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Image")} required>
        <Input value={image} onChange={(_, { value }) => setImage(value)} />
      </Field>
      <Field label="conda.yaml">
        <Suspense fallback={<Waiting />}>
          <Code text={CONDA} name="conda.yaml" label="conda.yaml" onChange={setConda} />
        </Suspense>
      </Field>
      <Field label={t("Description")}>
        <Input value={description} onChange={(_, { value }) => setDescription(value)} />
      </Field>
    </Form>
  );
}
