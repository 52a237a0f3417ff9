import { Button, Select } from "@fluentui/react-components";
import { Cube20Regular, Database20Regular } from "@fluentui/react-icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { FileBrowser } from "../../ui/FileBrowser";
import { artifactsOf } from "./artifacts";
import type { TabProps } from "./JobPage";

/** What a folder is taken for at first, when it is registered. */
const TYPES: Record<string, string> = { models: "mlflow_model", data: "uri_folder" };

/** Every output of a job, its artifacts, and the way from one of them to an asset. */
export default function OutputsTab({ job }: TabProps) {
  const t = useT();
  const { file = "", path = "" } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const outputs = Object.keys(job.properties.outputs ?? {});
  const uri = outputs.includes(file) ? `azureml://jobs/${job.name}/outputs/${file}` : artifactsOf(job.name);
  const open = (next: { file?: string; path?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...next, path: next.path || undefined }) });
  const folder = path.endsWith("/") ? path : path.split("/").slice(0, -1).join("/");
  const shown = folder ? `${uri}/paths/${folder}` : uri;
  const register = (kind: string) =>
    void navigate({ to: "/new/$kind", params: { kind }, search: { uri: shown, type: TYPES[kind] } });
  return (
    <>
      <div className="filters">
        {outputs.length > 0 && (
          <Select aria-label={t("Output")} value={file} onChange={(_, { value }) => open({ file: value || undefined })}>
            <option value="">{t("Artifacts and logs")}</option>
            {outputs.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        )}
        <Button icon={<Cube20Regular />} onClick={() => register("models")}>
          {t("Register as a model")}
        </Button>
        <Button icon={<Database20Regular />} onClick={() => register("data")}>
          {t("Register as data")}
        </Button>
      </div>
      <FileBrowser key={uri} uri={uri} path={path} onOpen={(next) => open({ path: next })} />
    </>
  );
}
