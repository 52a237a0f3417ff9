import { Button, Select } from "@fluentui/react-components";
import { ArrowUp16Regular } from "@fluentui/react-icons";
import { useT } from "../../app/i18n";
import { isData } from "./arrange";
import { whole, written, type Binding } from "./bindings";
import { fits, typeOf, type Types } from "./fits";
import type { Model, StepInput, StepModel } from "./pipeline";
import { Typed } from "./Typed";

interface Props {
  step: StepModel;
  input: StepInput;
  model: Model;
  types?: Types;
  onBind: (binding: Binding) => void;
  onValue: (text: string) => void;
  onPromote: () => void;
}

/** Where an input of a step comes from: a value, an input of the pipeline, or what another step writes. */
export function InputSettings({ step, input, model, types, onBind, onValue, onPromote }: Props) {
  const t = useT();
  const { name, port, binding, text = "" } = input;
  const isMissing = text === "" && port !== undefined && !port.optional && port.default === undefined;
  const sources: Binding[] = [
    ...model.inputs.map((each): Binding => ({ of: "input", name: each.name })),
    ...model.steps
      .filter((other) => other.name !== step.name)
      .flatMap((other) =>
        other.outputs.map((each): Binding => ({ of: "stepOutput", step: other.name, name: each.name })),
      ),
  ];
  const offered = sources.filter((each) => fits(types, typeOf(model, each), port));
  const chosen = binding ? written(binding) : "";
  return (
    <div className="design-input">
      <span className="design-label">
        {name} <span className="faint">{port?.type}</span>
        {isMissing && <span className="bad"> {t("required")}</span>}
      </span>
      <Select
        size="small"
        aria-label={t("Source of {name}", { name })}
        value={chosen}
        onChange={(_, { value }) => {
          const found = whole(value);
          if (found) onBind(found);
          else onValue("");
        }}
      >
        <option value="">{port && isData(port.type) ? t("A path") : t("A value")}</option>
        {offered.map((each) => (
          <option key={written(each)} value={written(each)}>
            {sourceName(each)}
          </option>
        ))}
        {binding && !offered.some((each) => written(each) === chosen) && <option value={chosen}>{chosen}</option>}
      </Select>
      {!binding && (
        <span className="row">
          <Typed
            value={text}
            label={name}
            placeholder={
              port?.default === undefined ? (port && isData(port.type) ? "azureml:data:1" : "") : String(port.default)
            }
            onCommit={onValue}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowUp16Regular />}
            aria-label={t("Make {name} an input of the pipeline", { name })}
            title={t("Make {name} an input of the pipeline", { name })}
            onClick={onPromote}
          />
        </span>
      )}
    </div>
  );
}

const sourceName = (binding: Binding): string =>
  binding.of === "stepOutput" ? `${binding.step}.${binding.name}` : "name" in binding ? `→ ${binding.name}` : "";
