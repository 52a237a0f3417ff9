import { Select } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { FileBrowser } from "../../ui/FileBrowser";
import { artifactsOf } from "./artifacts";
import type { TabProps } from "./JobPage";

/** Every output of a job, and its artifacts. */
export default function OutputsTab({ job }: TabProps) {
  const t = useT();
  const { file = "", path = "" } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const outputs = Object.keys(job.properties.outputs ?? {});
  const uri = outputs.includes(file) ? `azureml://jobs/${job.name}/outputs/${file}` : artifactsOf(job.name);
  const open = (next: { file?: string; path?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...next, path: next.path || undefined }) });
  return (
    <>
      {outputs.length > 0 && (
        <div className="filters">
          <Select aria-label={t("Output")} value={file} onChange={(_, { value }) => open({ file: value || undefined })}>
            <option value="">{t("Artifacts and logs")}</option>
            {outputs.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        </div>
      )}
      <FileBrowser key={uri} uri={uri} path={path} onOpen={(next) => open({ path: next })} />
    </>
  );
}
