import { Button, Select } from "@fluentui/react-components";
import { Delete16Regular } from "@fluentui/react-icons";
import { useT } from "../../../app/i18n";
import { removePort, renamePort, setPort } from "../change";
import { Committed } from "../Committed";
import { isName } from "../references";
import { useDagChange } from "../useDag";

const TYPES = ["string", "int", "double", "bool", "list", "object", "image"];

interface Props {
  side: "inputs" | "outputs";
  name: string;
}

/** The name of an input or output of the flow; what refers to it follows. */
export function PortName({ side, name, taken }: Props & { taken: readonly string[] }) {
  const t = useT();
  const change = useDagChange();
  return (
    <Committed
      value={name}
      aria-label={t("Name of {name}", { name })}
      onCommit={(next) => isName(next) && !taken.includes(next) && change((text) => renamePort(text, side, name, next))}
    />
  );
}

export function PortType({ side, name, type }: Props & { type: string }) {
  const t = useT();
  const change = useDagChange();
  return (
    <Select
      size="small"
      value={type}
      aria-label={t("Type of {name}", { name })}
      onChange={(_, { value }) => change((text) => setPort(text, side, name, "type", value))}
    >
      {[...new Set([...TYPES, type])].map((each) => (
        <option key={each}>{each}</option>
      ))}
    </Select>
  );
}

export function RemovePort({ side, name }: Props) {
  const t = useT();
  const change = useDagChange();
  return (
    <Button
      size="small"
      appearance="subtle"
      icon={<Delete16Regular />}
      aria-label={t("Take {name} away", { name })}
      onClick={() => change((text) => removePort(text, side, name))}
    />
  );
}
