import { Button, Select } from "@fluentui/react-components";
import { Delete16Regular, Dismiss20Regular, Open16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { versions as versionsQuery } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { isUnnamed } from "../../ui/AssetLink";
import { Tags } from "../../ui/Tags";
import { termOf } from "../../ui/terms";
import { Waiting } from "../../ui/Waiting";
import { isData } from "./arrange";
import * as changes from "./changes";
import { ComputeSelect } from "./ComputeSelect";
import type { Types } from "./fits";
import { InputSettings } from "./InputSettings";
import { isControl, type Model, type StepInput, type StepModel } from "./pipeline";
import type { Flaw } from "./useCheck";
import { ControlSettings } from "./ControlSettings";
import { Row } from "./Row";
import { Typed } from "./Typed";
import { edited, graft, flaw, isMapping, mapping, partOf, textOf, type Mapping, type Path } from "./yaml";

const Code = lazy(() => import("../../ui/Code"));

interface Props {
  text: string;
  level: Path;
  model: Model;
  step: StepModel;
  problems: Flaw[];
  types?: Types;
  onChange: (change: (text: string) => string) => void;
  onChoose: (step?: string) => void;
  onEnter?: () => void;
}

/** Everything of one step that has a field here; the rest is changed as YAML. */
export function StepSettings({ text, level, model, step, problems, types, onChange, onChoose, onEnter }: Props) {
  const t = useT();
  const { name, document } = step;
  const set = (path: Path, value: Parameters<typeof changes.set>[3]) =>
    onChange((old) => changes.set(old, level, ["jobs", name, ...path], value));
  const rename = (fresh: string) => {
    const free = changes.freeName(
      fresh,
      model.steps.map((each) => each.name).filter((each) => each !== name),
    );
    onChange((old) => changes.renameStep(old, level, name, free));
    onChoose(free);
  };
  const number = (path: Path) => (value: string) => set(path, value === "" ? undefined : changes.numberOf(value));
  return (
    <aside className="panel" aria-label={step.title}>
      <div className="panel-head">
        <h2>{step.title}</h2>
        <Button
          appearance="subtle"
          icon={<Dismiss20Regular />}
          aria-label={t("Close")}
          onClick={() => onChoose(undefined)}
        />
      </div>
      {problems.map(({ place, message }) => (
        <p key={place + message} className="reason">
          {message}
        </p>
      ))}
      <Row label={t("Name of the step")}>
        <Typed value={name} label={t("Name of the step")} onCommit={rename} />
      </Row>
      <Row label={t("Display name")}>
        <Typed
          value={textOf(document.display_name) ?? ""}
          label={t("Display name")}
          onCommit={(value) => set(["display_name"], value || undefined)}
        />
      </Row>
      <Row label={t("Type")}>{termOf(step.type, t)}</Row>
      {step.component && (
        <Row label={t("Component")}>
          <ComponentVersion step={step} onChoose={(value) => set([document.trial ? "trial" : "component"], value)} />
        </Row>
      )}
      {onEnter && (
        <Button icon={<Open16Regular />} onClick={onEnter}>
          {t("Look inside")}
        </Button>
      )}
      {step.inputs.length > 0 && <h3>{t("Inputs")}</h3>}
      {step.inputs.map((input) => (
        <InputSettings
          key={input.name}
          {...{ step, input, model, types }}
          onBind={(binding) =>
            onChange((old) => changes.connect(old, level, binding, { step: name, input: input.name }))
          }
          onValue={(value) => onChange((old) => given(old, level, name, input, value))}
          onPromote={() => onChange((old) => changes.promoteInput(old, level, name, input.name, input.port))}
        />
      ))}
      {step.outputs.length > 0 && <h3>{t("Outputs")}</h3>}
      {step.outputs.map((output) => (
        <div key={output.name} className="design-input">
          <span className="design-label">
            {output.name} <span className="faint">{output.port?.type}</span>
          </span>
          <Select
            size="small"
            aria-label={t("Destination of {name}", { name: output.name })}
            value={output.binding?.of === "output" ? output.binding.name : ""}
            onChange={(_, { value }) =>
              onChange((old) =>
                value === ""
                  ? changes.withhold(old, level, name, output.name)
                  : value === NEW
                    ? changes.promoteOutput(old, level, name, output.name, output.port)
                    : changes.deliver(old, level, { step: name, output: output.name }, value),
              )
            }
          >
            <option value="">{t("For other steps only")}</option>
            {model.outputs.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name} →
              </option>
            ))}
            <option value={NEW}>{t("A new output of the pipeline")}</option>
          </Select>
        </div>
      ))}
      {isControl(step) && <ControlSettings {...{ model, step, set }} />}
      {!isControl(step) && (
        <>
          <h3>{t("Settings")}</h3>
          {!step.component && textOf(document.environment) !== undefined && (
            <Row label={t("Environment")}>
              <Typed
                value={textOf(document.environment) ?? ""}
                label={t("Environment")}
                onCommit={(value) => set(["environment"], value || undefined)}
              />
            </Row>
          )}
          <Row label={t("Compute")}>
            <ComputeSelect value={textOf(document.compute)} onChange={(value) => set(["compute"], value)} />
          </Row>
          <Row label={t("Time limit in seconds")}>
            <Typed
              value={textOf(mapping(document.limits).timeout) ?? ""}
              label={t("Time limit in seconds")}
              onCommit={number(["limits", "timeout"])}
            />
          </Row>
          <Row label={t("Instances")}>
            <Typed
              value={textOf(mapping(document.resources).instance_count) ?? ""}
              label={t("Instances")}
              onCommit={number(["resources", "instance_count"])}
            />
          </Row>
          <h3>{t("Environment variables")}</h3>
          <Tags
            tags={texts(mapping(document.environment_variables))}
            onChange={(some) =>
              onChange((old) =>
                Object.entries(some).reduce(
                  (now, [key, value]) =>
                    changes.set(now, level, ["jobs", name, "environment_variables", key], value ?? undefined),
                  old,
                ),
              )
            }
          />
        </>
      )}
      <AsYaml
        key={name}
        text={partOf(text, [...level, "jobs", name])}
        onApply={(part) => onChange((old) => edited(old, (whole) => graft(whole, [...level, "jobs", name], part)))}
      />
      <Button
        icon={<Delete16Regular />}
        onClick={() => {
          onChange((old) => changes.removeStep(old, level, name));
          onChoose(undefined);
        }}
      >
        {t("Remove the step")}
      </Button>
    </aside>
  );
}

const NEW = "\u0000new";

const texts = (values: Mapping): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, textOf(value) ?? ""]));

/** A value or a path for an input; an empty one takes it away. */
function given(text: string, level: Path, step: string, input: StepInput, value: string): string {
  const path = ["jobs", step, "inputs", input.name];
  const type = input.port?.type ?? "any";
  if (value === "") return changes.set(text, level, path, undefined);
  if (input.port && isData(type) && type !== "any") {
    const old = mapping(mapping(partOfInputs(text, level, step))[input.name]);
    return changes.set(text, level, path, { type, ...old, path: value });
  }
  return changes.set(text, level, path, ["number", "integer"].includes(type) ? changes.numberOf(value) : value);
}

function partOfInputs(text: string, level: Path, step: string): Mapping {
  const { inputs } = mapping(changes.stepOf(text, level, step));
  return isMapping(inputs) ? inputs : {};
}

function ComponentVersion({ step, onChoose }: { step: StepModel; onChoose: (reference: string) => void }) {
  const t = useT();
  const registered = step.known?.component;
  if (!registered || registered.id?.includes("/registries/")) return <code className="wrap">{step.component}</code>;
  return (
    <span className="row wrap">
      <Link
        to="/assets/$kind/$name"
        params={{ kind: "components", name: registered.name }}
        search={{ version: registered.version }}
      >
        {isUnnamed(registered.name) ? t("Unnamed") : registered.name}
      </Link>
      {!isUnnamed(registered.name) && (
        <Versions name={registered.name} value={registered.version} onChoose={onChoose} />
      )}
      {registered.type === "pipeline" && (
        <Link to="/designer" search={{ component: `${registered.name}:${registered.version}` }}>
          {t("Open in designer")}
        </Link>
      )}
    </span>
  );
}

interface VersionsProps {
  name: string;
  value: string;
  onChoose: (reference: string) => void;
}

function Versions({ name, value, onChoose }: VersionsProps) {
  const t = useT();
  const found = useQuery(versionsQuery(useScope(), "components", name));
  const known = found.data?.map((each) => each.name) ?? [value];
  return (
    <Select
      size="small"
      aria-label={t("Version")}
      value={value}
      onChange={(_, data) => onChoose(`azureml:${name}:${data.value}`)}
    >
      {(known.includes(value) ? known : [value, ...known]).map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </Select>
  );
}

function AsYaml({ text, onApply }: { text: string; onApply: (text: string) => void }) {
  const t = useT();
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null) {
    return (
      <p>
        <button type="button" className="link" onClick={() => setDraft(text)}>
          {t("Edit this step as YAML")}
        </button>
      </p>
    );
  }
  const wrong = flaw(draft);
  return (
    <>
      <h3>YAML</h3>
      <Suspense fallback={<Waiting />}>
        <Code text={text} name="step.yml" label={t("This step as YAML")} onChange={setDraft} />
      </Suspense>
      {wrong !== null && <p className="reason">{wrong}</p>}
      <p className="row">
        <Button
          size="small"
          appearance="primary"
          disabled={wrong !== null}
          onClick={() => {
            onApply(draft);
            setDraft(null);
          }}
        >
          {t("Apply")}
        </Button>
        <Button size="small" onClick={() => setDraft(null)}>
          {t("Leave it")}
        </Button>
      </p>
    </>
  );
}
