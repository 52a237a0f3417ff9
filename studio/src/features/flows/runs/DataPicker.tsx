import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { assets, versions } from "../../../api/queries";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Committed } from "../Committed";
import { UploadFile } from "./UploadFile";

interface Props {
  /** As jobs take it: `azureml:NAME:VERSION` or an address. */
  value: string;
  onChange: (uri: string) => void;
  isOptional?: boolean;
  /** The endings of files that may be uploaded here; without it none may. */
  accept?: string;
}

/** A data asset of the workspace in one of its versions, a file of this machine, or any address that jobs take. */
export function DataPicker({ value, onChange, isOptional = false, accept }: Props) {
  const t = useT();
  const scope = useScope();
  const [isOther, setOther] = useState(value !== "" && !value.startsWith("azureml:"));
  const [, name = "", version = ""] = /^azureml:([^:/]+):(.+)$/.exec(value) ?? [];
  const found = useQuery(assets(scope, "data"));
  const known = useQuery({ ...versions(scope, "data", name), enabled: name !== "" });
  const choose = (next: string) => {
    setOther(next === OTHER);
    const latest = found.data?.find((each) => each.name === next)?.properties.latestVersion;
    onChange(latest ? `azureml:${next}:${latest}` : "");
  };
  return (
    <>
      <Field label={t("Data")} required={!isOptional}>
        <Select value={isOther ? OTHER : name} onChange={(_, data) => choose(data.value)}>
          <option value="">–</option>
          {found.data?.map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
          <option value={OTHER}>{t("Another address …")}</option>
        </Select>
      </Field>
      {accept && (
        <UploadFile
          accept={accept}
          // What was chosen before is not run over while another file is on its way.
          onBegun={() => onChange("")}
          onUploaded={(uri) => {
            setOther(true);
            onChange(uri);
          }}
        />
      )}
      {isOther && (
        <Field label={t("Address")}>
          <Committed
            size="medium"
            value={value}
            placeholder="azureml://datastores/workspaceblobstore/paths/questions.jsonl"
            onCommit={onChange}
          />
        </Field>
      )}
      {name && !isOther && (
        <Field label={t("Version of the data")}>
          <Select value={version} onChange={(_, data) => onChange(`azureml:${name}:${data.value}`)}>
            {(known.data ?? []).map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
            {!known.data && <option>{version}</option>}
          </Select>
        </Field>
      )}
    </>
  );
}

const OTHER = " other";
