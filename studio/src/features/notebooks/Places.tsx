import { Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { ENVIRONMENT } from "../../api/notebooks";
import { assets, computes } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";

interface Props {
  value: string;
  isDisabled?: boolean;
  onChange: (value: string) => void;
}

/** Where code runs: an environment of the workspace, or the one that is always there. */
export function EnvironmentPicker({ value, isDisabled, onChange }: Props) {
  const t = useT();
  const found = useQuery(assets(useScope(), "environments"));
  const names = (found.data ?? []).map(({ name }) => `azureml:${name}@latest`);
  const others = [value].filter((each) => each && each !== ENVIRONMENT && !names.includes(each));
  return (
    <Select
      size="small"
      aria-label={t("Environment")}
      value={value || ENVIRONMENT}
      disabled={isDisabled}
      onChange={(_, data) => onChange(data.value === ENVIRONMENT ? "" : data.value)}
    >
      <option value={ENVIRONMENT}>sklearn-1.5</option>
      {[...names, ...others].map((name) => (
        <option key={name} value={name}>
          {name.replace(/^azureml:/, "").replace(/@latest$/, "")}
        </option>
      ))}
    </Select>
  );
}

interface ComputeFacts {
  computeType: string;
  properties?: { state?: string };
}

const INSTANCE = "ComputeInstance";

/** On what it runs: this machine, or a compute instance; for jobs any compute. */
export function ComputePicker({ value, isDisabled, onChange, forJobs = false }: Props & { forJobs?: boolean }) {
  const t = useT();
  const scope = useScope();
  const found = useQuery(computes<ComputeFacts>(scope));
  const places = (found.data ?? []).filter(({ properties }) => forJobs || properties.computeType === INSTANCE);
  return (
    <Select
      size="small"
      aria-label={t("Compute")}
      value={value}
      disabled={isDisabled}
      onChange={(_, data) => onChange(data.value)}
    >
      <option value="">{t("This machine")}</option>
      {places.map(({ name, properties }) => (
        <option key={name} value={name}>
          {properties.computeType === INSTANCE ? `${name} (${properties.properties?.state ?? ""})` : name}
        </option>
      ))}
    </Select>
  );
}
