import { Button, Input, Tag } from "@fluentui/react-components";
import { Add16Regular, Dismiss16Regular } from "@fluentui/react-icons";
import { useState } from "react";
import { useT } from "../app/i18n";

interface Props {
  tags: Record<string, string>;
  /** Called with what to change; null takes a tag away. Without it the tags are only shown. */
  onChange?: (changes: Record<string, string | null>) => void;
}

export function Tags({ tags, onChange }: Props) {
  const t = useT();
  const [text, setText] = useState("");
  const add = () => {
    const [key, ...rest] = text.split("=");
    if (!key.trim()) return;
    onChange?.({ [key.trim()]: rest.join("=").trim() });
    setText("");
  };
  return (
    <div className="tags">
      {Object.entries(tags).map(([key, value]) => (
        <span key={key} className="tag-box">
          <Tag size="small" appearance="brand">
            {value ? `${key}: ${value}` : key}
          </Tag>
          {onChange && (
            <Button
              size="small"
              appearance="subtle"
              icon={<Dismiss16Regular />}
              aria-label={t("Remove the tag {key}", { key })}
              onClick={() => onChange({ [key]: null })}
            />
          )}
        </span>
      ))}
      {onChange && (
        <span className="tag-form">
          <Input
            size="small"
            value={text}
            aria-label={t("New tag, as key=value")}
            placeholder={t("key=value")}
            onChange={(_, data) => setText(data.value)}
            onKeyDown={(event) => {
              // No form of its own: it may stand in one, which is not to be sent by this.
              if (event.key !== "Enter") return;
              event.preventDefault();
              add();
            }}
          />
          <Button size="small" icon={<Add16Regular />} disabled={!text.trim()} onClick={add}>
            {t("Add")}
          </Button>
        </span>
      )}
    </div>
  );
}
