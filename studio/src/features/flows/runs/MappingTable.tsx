import { useId } from "react";
import type { FlowInput } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { Committed } from "../Committed";

interface Props {
  inputs: readonly FlowInput[];
  /** What can be taken: `${data.question}`, `${run.outputs.answer}`. */
  sources: readonly string[];
  mapping: Record<string, string>;
  onChange: (mapping: Record<string, string>) => void;
}

/** From where each input of the flow is taken. */
export function MappingTable({ inputs, sources, mapping, onChange }: Props) {
  const t = useT();
  const listId = useId();
  return (
    <>
      <table className="ports">
        <thead>
          <tr>
            <th scope="col">{t("Input")}</th>
            <th scope="col">{t("Comes from")}</th>
          </tr>
        </thead>
        <tbody>
          {inputs.map((input) => (
            <tr key={input.name}>
              <th scope="row">
                {input.name} <span className="faint">{input.type}</span>
              </th>
              <td className="wide">
                <Committed
                  value={mapping[input.name] ?? ""}
                  list={listId}
                  aria-label={t("Source of {name}", { name: input.name })}
                  placeholder={
                    input.default !== undefined && input.default !== null ? t("Its default") : "${data.column}"
                  }
                  onCommit={(text) => onChange({ ...mapping, [input.name]: text })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <datalist id={listId}>
        {sources.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}

/** The source of an input that bears its name, where there is one. */
export function guessed(inputs: readonly FlowInput[], sources: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    inputs.flatMap(({ name }) => {
      const found = sources.find((source) => source.endsWith(`.${name}}`));
      return found ? [[name, found]] : [];
    }),
  );
}

/** What was mapped; what is empty is left to the flow. */
export const written = (mapping: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(mapping).filter(([, source]) => source !== ""));
