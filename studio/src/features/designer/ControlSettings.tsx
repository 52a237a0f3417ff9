import { Select } from "@fluentui/react-components";
import { useT } from "../../app/i18n";
import { whole, written, type Binding } from "./bindings";
import { numberOf } from "./changes";
import { isControl, type Model, type StepModel } from "./pipeline";
import { Row } from "./Row";
import { Typed } from "./Typed";
import { mapping, textOf, type Path } from "./yaml";

interface Props {
  model: Model;
  step: StepModel;
  set: (path: Path, value: string | number | undefined) => void;
}

/** What a branch or a loop decides about, and by what. */
export function ControlSettings({ model, step, set }: Props) {
  const t = useT();
  const { document, type } = step;
  const body = whole(textOf(document.body));
  const repeated = body?.of === "step" ? body.step : undefined;
  return (
    <>
      {type === "if_else" && (
        <>
          <Condition {...{ model, step, set }} />
          <Steps label={t("When it is true")} field="true_block" {...{ model, step, set }} />
          <Steps label={t("When it is false")} field="false_block" {...{ model, step, set }} />
        </>
      )}
      {type === "do_while" && (
        <>
          <Steps label={t("What is repeated")} field="body" {...{ model, step, set }} />
          <Condition only={repeated} {...{ model, step, set }} />
          <Row label={t("Times at most")}>
            <Typed
              value={textOf(mapping(document.limits).max_iteration_count) ?? ""}
              label={t("Times at most")}
              onCommit={(value) => set(["limits", "max_iteration_count"], value === "" ? undefined : numberOf(value))}
            />
          </Row>
          <HandedOn repeated={model.steps.find(({ name }) => name === repeated)} {...{ step, set }} />
        </>
      )}
      {type === "parallel_for" && (
        <>
          <Steps label={t("What is repeated")} field="body" {...{ model, step, set }} />
          {(document.items === undefined || textOf(document.items) !== undefined) && (
            <Row label={t("Items")}>
              <Typed
                isLong
                value={textOf(document.items) ?? ""}
                label={t("Items")}
                placeholder='[{"value": 1}, {"value": 2}]'
                onCommit={(value) => set(["items"], value || undefined)}
              />
            </Row>
          )}
          <Row label={t("At once")}>
            <Typed
              value={textOf(document.max_concurrency) ?? ""}
              label={t("At once")}
              onCommit={(value) => set(["max_concurrency"], value === "" ? undefined : numberOf(value))}
            />
          </Row>
        </>
      )}
    </>
  );
}

/** An output of a step, or an input of the pipeline, that says yes or no. */
function Condition({ model, step, set, only }: Props & { only?: string }) {
  const t = useT();
  const value = textOf(step.document.condition) ?? "";
  const sources: Binding[] = [
    ...(only === undefined ? model.inputs.map(({ name }): Binding => ({ of: "input", name })) : []),
    ...model.steps
      .filter(({ name }) => name !== step.name && (only === undefined || name === only))
      .flatMap(({ name, outputs }) =>
        outputs.map((each): Binding => ({ of: "stepOutput", step: name, name: each.name })),
      ),
  ];
  const known = sources.map(written);
  return (
    <Picked
      label={t("Condition")}
      none={t("Choose")}
      value={value}
      known={known}
      onPick={(picked) => set(["condition"], picked)}
    />
  );
}

interface Choice {
  label: string;
  none: string;
  value: string;
  known: string[];
  onPick: (picked: string | undefined) => void;
}

/** One of several references; one that is not among them stays. */
function Picked({ label, none, value, known, onPick }: Choice) {
  return (
    <Row label={label}>
      <Select size="small" aria-label={label} value={value} onChange={(_, data) => onPick(data.value || undefined)}>
        <option value="">{none}</option>
        {(value && !known.includes(value) ? [value, ...known] : known).map((each) => (
          <option key={each} value={each}>
            {shown(each)}
          </option>
        ))}
      </Select>
    </Row>
  );
}

const shown = (reference: string): string => reference.replace(/^\$\{\{parent\.(?:jobs\.)?(.+)\}\}$/, "$1");

function Steps({ model, step, set, label, field }: Props & { label: string; field: string }) {
  const t = useT();
  const value = textOf(step.document[field]) ?? "";
  const known = model.steps
    .filter((each) => each.name !== step.name && !isControl(each))
    .map(({ name }) => written({ of: "step", step: name }));
  // Several steps in a block are written as a list: that is YAML's.
  if (Array.isArray(step.document[field])) return <Row label={label}>YAML</Row>;
  return (
    <Picked label={label} none={t("Nothing")} value={value} known={known} onPick={(picked) => set([field], picked)} />
  );
}

interface HandedProps {
  repeated?: StepModel;
  step: StepModel;
  set: Props["set"];
}

/** Which outputs of one iteration are inputs of the next. */
function HandedOn({ repeated, step, set }: HandedProps) {
  const t = useT();
  const given = mapping(step.document.mapping);
  if (!repeated || repeated.outputs.length === 0) return null;
  return (
    <>
      <h3>{t("Handed on to the next time")}</h3>
      {repeated.outputs.map(({ name }) => {
        const value = textOf(given[name]) ?? "";
        const known = repeated.inputs.map((each) => written({ of: "stepInput", step: repeated.name, name: each.name }));
        return (
          <Row key={name} label={name}>
            <Select
              size="small"
              aria-label={t("Where {name} is handed on to", { name })}
              value={value}
              onChange={(_, data) => set(["mapping", name], data.value || undefined)}
            >
              <option value="">{t("Nothing")}</option>
              {(value && !known.includes(value) ? [value, ...known] : known).map((each) => (
                <option key={each} value={each}>
                  {shown(each)}
                </option>
              ))}
            </Select>
          </Row>
        );
      })}
    </>
  );
}
