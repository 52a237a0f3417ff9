import { Field, Input, Radio, RadioGroup, Select, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { json } from "../../api/client";
import type { Asset } from "../../api/types";
import { below, nextVersion, upload, type Picked, type Progress } from "../../api/uploads";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { FilePicker, withoutRoot } from "../../ui/FilePicker";
import { Tags } from "../../ui/Tags";
import { Form } from "./Form";

interface Words {
  kind: "data" | "models";
  types: string[];
  typeKey: "dataType" | "modelType";
  uriKey: "dataUri" | "modelUri";
}

const DATA: Words = {
  kind: "data",
  types: ["uri_file", "uri_folder", "mltable"],
  typeKey: "dataType",
  uriKey: "dataUri",
};
const MODEL: Words = {
  kind: "models",
  types: ["mlflow_model", "custom_model", "triton_model"],
  typeKey: "modelType",
  uriKey: "modelUri",
};

export const DataForm = () => <AssetForm words={DATA} />;
export const ModelForm = () => <AssetForm words={MODEL} />;

/** A new version of data or a model: files of this machine, or what stands somewhere already. */
function AssetForm({ words }: { words: Words }) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const given = useSearch({ from: "/new/$kind" });
  const [name, setName] = useState(given.name ?? "");
  const [type, setType] = useState(given.type && words.types.includes(given.type) ? given.type : words.types[0]);
  const [source, setSource] = useState(given.uri ? "uri" : "upload");
  const [uri, setUri] = useState(given.uri ?? "");
  const [files, setFiles] = useState<Picked[]>([]);
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState<Record<string, string>>({});
  const [progress, setProgress] = useState<Progress | null>(null);
  const create = useMutation({
    mutationFn: async () => {
      const version = await nextVersion(scope, words.kind, name);
      const place = source === "uri" ? uri.trim() : await sent(version);
      const path = `${scope}/${words.kind}/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
      const properties = { [words.typeKey]: type, [words.uriKey]: place, description: description || undefined, tags };
      return json<Asset>(path, { method: "PUT", body: { properties } });
    },
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: [words.kind, scope] });
      void navigate({
        to: "/assets/$kind/$name",
        params: { kind: words.kind, name },
        search: { version: made.name, tab: "files" },
      });
    },
    onSettled: () => setProgress(null),
  });
  const sent = async (version: string) => {
    const { root, files: inside } = withoutRoot(files);
    const isFile =
      type === "uri_file" || (files.length === 1 && !root && type !== "mltable" && words.kind === "models");
    const folder = root || name;
    const placed = isFile ? inside.slice(0, 1) : below(folder, inside);
    const target = { scope, kind: words.kind, name, version, files: placed, onProgress: setProgress };
    const base = await upload(target);
    return `${base}/${isFile ? encodeURI(placed[0].path) : encodeURIComponent(folder)}`;
  };
  const isReady = name.trim() !== "" && (source === "uri" ? uri.trim() !== "" : files.length > 0);
  const change = (changes: Record<string, string | null>) =>
    setTags(
      Object.fromEntries(
        Object.entries({ ...tags, ...changes }).filter((pair): pair is [string, string] => pair[1] !== null),
      ),
    );
  return (
    <Form
      onSubmit={() => create.mutate()}
      isPending={create.isPending}
      isReady={isReady}
      error={create.error}
      action={t("Register")}
    >
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Type")}>
        <Select value={type} onChange={(_, { value }) => setType(value)}>
          {words.types.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Field label={t("Where it is")}>
        <RadioGroup layout="horizontal" value={source} onChange={(_, { value }) => setSource(value)}>
          <Radio value="upload" label={t("On this machine")} />
          <Radio value="uri" label={t("At an address")} />
        </RadioGroup>
      </Field>
      {source === "uri" ? (
        <Field label={t("Address")} hint="azureml://datastores/…/paths/…, azureml://jobs/…/outputs/…, https://…">
          <Input value={uri} onChange={(_, { value }) => setUri(value)} />
        </Field>
      ) : (
        <FilePicker label={t("Files")} files={files} onChange={setFiles} progress={progress} />
      )}
      <Field label={t("Description")}>
        <Textarea value={description} onChange={(_, { value }) => setDescription(value)} />
      </Field>
      <Field label={t("Tags")}>
        <Tags tags={tags} onChange={change} />
      </Field>
    </Form>
  );
}
