import { Input, Textarea } from "@fluentui/react-components";
import { useEffect, useState } from "react";

interface Props {
  value: string;
  label: string;
  placeholder?: string;
  isLong?: boolean;
  /** Called once, when the field is left or Enter is pressed. */
  onCommit: (value: string) => void;
}

/** A field whose text counts when it is finished, so that every change is one step on the way back. */
export function Typed({ value, label, placeholder, isLong = false, onCommit }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const commit = () => text !== value && onCommit(text);
  const shared = { value: text, "aria-label": label, placeholder, onBlur: commit };
  if (isLong) return <Textarea {...shared} rows={2} onChange={(_, data) => setText(data.value)} />;
  return (
    <Input
      {...shared}
      size="small"
      onChange={(_, data) => setText(data.value)}
      onKeyDown={({ key }) => key === "Enter" && commit()}
    />
  );
}
