import { Select } from "@fluentui/react-components";
import { useT } from "../../app/i18n";
import { PRIORITIES } from "./priority";

interface Props {
  /** As the interface has it, 1 to 3; nothing is that of the parent, or the usual one. */
  value: number | undefined;
  size?: "small";
  /** Where no field around it names it. */
  label?: string;
  onChange: (priority: number | undefined) => void;
}

/** Who comes first where more jobs wait than there are places. */
export function PrioritySelect({ value, size, label, onChange }: Props) {
  const t = useT();
  return (
    <Select
      size={size}
      aria-label={label}
      value={String(value ?? "")}
      onChange={(_, data) => onChange(data.value ? Number(data.value) : undefined)}
    >
      <option value="">{t("Default")}</option>
      {PRIORITIES.map(([number, title]) => (
        <option key={number} value={number}>
          {t(title)}
        </option>
      ))}
    </Select>
  );
}
