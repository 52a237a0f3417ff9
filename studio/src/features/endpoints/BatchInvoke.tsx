import { Button, Field, Input, Select } from "@fluentui/react-components";
import { Play20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { batchPath } from "../../api/endpoints";
import { assets, versions } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import type { BatchTabProps } from "./BatchPage";

const TYPES: Record<string, string> = { uri_file: "UriFile", uri_folder: "UriFolder", mltable: "MLTable" };

/** Calls a batch endpoint with data of the workspace. */
export default function BatchInvoke({ endpoint, deployments }: BatchTabProps) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const data = useQuery(assets(scope, "data"));
  const [name, setName] = useState("");
  const [version, setVersion] = useState("");
  const [input, setInput] = useState("input_data");
  const [deployment, setDeployment] = useState(endpoint.properties.defaults?.deploymentName ?? "");
  const known = useQuery({ ...versions(scope, "data", name), enabled: name !== "" });
  const chosen = known.data?.find((each) => each.name === version) ?? known.data?.[0];
  const invoke = useMutation({
    mutationFn: async () => {
      if (!chosen) throw new Error("No data is chosen.");
      const kind = TYPES[String(chosen.properties.dataType)] ?? "UriFolder";
      const inputData = { [input]: { jobInputType: kind, uri: chosen.id } };
      const headers: Record<string, string> = deployment ? { "azureml-model-deployment": deployment } : {};
      const path = `${batchPath(scope, endpoint.name)}/jobs`;
      const answer = await request(path, { method: "POST", body: { properties: { inputData } }, headers });
      return (await answer.json()) as { name: string };
    },
    onSuccess: (job) => void navigate({ to: "/jobs/$name", params: { name: job.name } }),
  });
  if (deployments.length === 0) return <Empty>{t("Nothing answers here yet.")}</Empty>;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        invoke.mutate();
      }}
    >
      <Field label={t("Deployment")}>
        <Select value={deployment} onChange={(_, { value }) => setDeployment(value)}>
          <option value="">{t("The default")}</option>
          {deployments.map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </Select>
      </Field>
      <Field label={t("Data")}>
        <Select
          value={name}
          onChange={(_, { value }) => {
            setName(value);
            setVersion("");
          }}
        >
          <option value="">{t("Choose")}</option>
          {(data.data ?? []).map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </Select>
      </Field>
      {name && (
        <Field label={t("Version")}>
          <Select value={chosen?.name ?? ""} onChange={(_, { value }) => setVersion(value)}>
            {(known.data ?? []).map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </Select>
        </Field>
      )}
      <Field label={t("Name of the input")}>
        <Input value={input} onChange={(_, { value }) => setInput(value)} />
      </Field>
      {invoke.error && <Problem error={invoke.error} />}
      <div>
        <Button
          appearance="primary"
          type="submit"
          icon={<Play20Regular />}
          disabled={!chosen || invoke.isPending || !input.trim()}
        >
          {t("Run")}
        </Button>
      </div>
    </form>
  );
}
