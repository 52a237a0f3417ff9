import { Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { computes } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";

interface Props {
  /** As it is written: `azureml:cluster`, an id, or an expression. */
  value: string | undefined;
  label?: string;
  onChange: (value: string | undefined) => void;
}

export function ComputeSelect({ value = "", label, onChange }: Props) {
  const t = useT();
  const scope = useScope();
  const found = useQuery(computes(scope));
  const known = ["azureml:local", ...(found.data ?? []).map(({ name }) => `azureml:${name}`)];
  return (
    <Select
      size="small"
      aria-label={label ?? t("Compute")}
      value={value}
      onChange={(_, data) => onChange(data.value || undefined)}
    >
      <option value="">{t("Default")}</option>
      {[...new Set(value ? [value, ...known] : known)].map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </Select>
  );
}
