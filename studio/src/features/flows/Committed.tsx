import { Input, type InputProps } from "@fluentui/react-components";
import { useEffect, useState } from "react";

interface Props extends Omit<InputProps, "value" | "onChange" | "defaultValue"> {
  value: string;
  onCommit: (text: string) => void;
}

/** A field whose text counts once it is left, or with Enter; Escape takes back what was typed. */
export function Committed({ value, onCommit, ...rest }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <Input
      size="small"
      {...rest}
      value={text}
      onChange={(_, data) => setText(data.value)}
      onBlur={() => text !== value && onCommit(text)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && text !== value) onCommit(text);
        if (event.key === "Escape") setText(value);
      }}
    />
  );
}
