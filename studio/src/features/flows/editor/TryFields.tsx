import type { FlowInput } from "../../../api/flows";
import { TryField } from "./TryField";

/** The values with which a flow is tried, one field under another. */
export function TryFields({ inputs }: { inputs: readonly FlowInput[] }) {
  return inputs.map((input) => (
    <label key={input.name} className="plain-input">
      {input.name}
      <TryField input={input} />
    </label>
  ));
}
