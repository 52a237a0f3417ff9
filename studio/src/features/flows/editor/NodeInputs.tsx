import { Button } from "@fluentui/react-components";
import { Delete16Regular } from "@fluentui/react-icons";
import { useMemo } from "react";
import { useT } from "../../../app/i18n";
import { shown, typed } from "../change";
import { Committed } from "../Committed";
import { ConnectionPicker } from "../ConnectionPicker";
import type { NodeBody } from "../dag";
import { isName } from "../references";
import { takenBy } from "../signature";

interface Props {
  body: NodeBody;
  /** The file whose code takes the inputs, and what stands in it. */
  path: string | null;
  text: string;
  /** The list of references that can be chosen from. */
  references: string;
  onSet: (where: (string | number)[], value: unknown) => void;
}

/** What a model is asked with besides the variables of its template. */
const OF_MODELS = [
  "deployment_name",
  "model",
  "temperature",
  "top_p",
  "max_tokens",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "response_format",
  "seed",
  "tools",
  "tool_choice",
];

/** The inputs of a node: those that are written, and those that its code takes as well. */
export function NodeInputs({ body, path, text, references, onSet }: Props) {
  const t = useT();
  const taken = useMemo(() => (path ? takenBy(path, text) : []), [path, text]);
  const names = [...new Set([...Object.keys(body.inputs), ...taken.map(({ name }) => name)])];
  const isModel = body.type === "llm" || body.type === "custom_llm";
  const lost = (name: string) =>
    path !== null && text !== "" && !taken.some((each) => each.name === name) && !(isModel && OF_MODELS.includes(name));
  return (
    <table className="ports">
      <thead>
        <tr>
          <th scope="col">{t("Input")}</th>
          <th scope="col">{t("Value")}</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {names.map((name) => {
          const parameter = taken.find((each) => each.name === name);
          const isWritten = name in body.inputs;
          const label = t("Value of {name}", { name });
          return (
            <tr key={name}>
              <th scope="row">
                {name}
                {parameter?.type && <span className="faint"> {parameter.type}</span>}
                {lost(name) && <span className="faint"> · {t("not taken by the code")}</span>}
              </th>
              <td className="wide">
                {parameter && /Connection\b/.test(parameter.type) ? (
                  <ConnectionPicker
                    label={label}
                    value={shown(body.inputs[name])}
                    onChange={(value) => onSet(["inputs", name], value || undefined)}
                  />
                ) : (
                  <Committed
                    value={shown(body.inputs[name])}
                    list={references}
                    aria-label={label}
                    placeholder={parameter?.default}
                    onCommit={(value) => onSet(["inputs", name], typed(value))}
                  />
                )}
              </td>
              <td>
                {isWritten && (
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<Delete16Regular />}
                    aria-label={t("Take {name} away", { name })}
                    onClick={() => onSet(["inputs", name], undefined)}
                  />
                )}
              </td>
            </tr>
          );
        })}
        <tr>
          <th scope="row">
            <Committed
              key={names.length}
              value=""
              list={isModel ? MODEL_LIST : undefined}
              aria-label={t("Name of a further input")}
              placeholder={t("Add an input")}
              onCommit={(name) => isName(name) && !(name in body.inputs) && onSet(["inputs", name], "")}
            />
            {isModel && (
              <datalist id={MODEL_LIST}>
                {OF_MODELS.filter((name) => !(name in body.inputs)).map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            )}
          </th>
          <td />
          <td />
        </tr>
      </tbody>
    </table>
  );
}

const MODEL_LIST = "parameters-of-models";
