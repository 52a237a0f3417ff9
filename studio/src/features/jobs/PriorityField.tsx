import { Field } from "@fluentui/react-components";
import { useT } from "../../app/i18n";
import { PrioritySelect } from "./PrioritySelect";

interface Props {
  value: number | undefined;
  onChange: (priority: number | undefined) => void;
}

/** The priority of a job in a form. */
export function PriorityField({ value, onChange }: Props) {
  const t = useT();
  return (
    <Field label={t("Priority")} hint={t("Who comes first where more jobs wait than there are places.")}>
      <PrioritySelect value={value} onChange={onChange} />
    </Field>
  );
}
