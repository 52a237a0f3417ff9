import { Select } from "@fluentui/react-components";
import { useT } from "../../../app/i18n";
import { ConnectionPicker } from "../ConnectionPicker";
import type { NodeBody } from "../dag";

interface Props {
  body: NodeBody;
  onSet: (where: (string | number)[], value: unknown) => void;
}

/** Which model a node asks, and how. */
export function NodeSettings({ body, onSet }: Props) {
  const t = useT();
  if (body.type !== "llm" && body.type !== "custom_llm") return null;
  return (
    <>
      <label>
        {t("Connection")}
        <ConnectionPicker
          label={t("Connection")}
          value={body.connection ?? ""}
          onChange={(name) => onSet(["connection"], name || undefined)}
        />
      </label>
      {body.type === "llm" && (
        <label>
          {t("API")}
          <Select size="small" value={body.api ?? "chat"} onChange={(_, { value }) => onSet(["api"], value)}>
            <option>chat</option>
            <option>completion</option>
          </Select>
        </label>
      )}
    </>
  );
}
