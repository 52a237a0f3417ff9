import { Copy } from "./Copy";

/** A text that is taken somewhere else, with the button that does it. */
export function Copied({ text }: { text: string }) {
  return (
    <span className="row">
      <code className="wrap">{text}</code>
      <Copy text={text} />
    </span>
  );
}
