import { Button, Checkbox, Input, Select } from "@fluentui/react-components";
import { Add16Regular, Delete16Regular } from "@fluentui/react-icons";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { termOf } from "../../ui/terms";
import { priorityIn, priorityWord } from "../jobs/priority";
import { PrioritySelect } from "../jobs/PrioritySelect";
import { isData } from "./arrange";
import * as changes from "./changes";
import { ComputeSelect } from "./ComputeSelect";
import type { Kind } from "./drafts";
import type { Model, PipelinePort } from "./pipeline";
import { Row } from "./Row";
import { Typed } from "./Typed";
import { isMapping, mapping, textOf, type Mapping, type Path } from "./yaml";

interface Props {
  kind: Kind;
  level: Path;
  /** What the pipeline of this level says. */
  document: Mapping;
  model: Model;
  onChange: (change: (text: string) => string) => void;
}

const TYPES = [
  "uri_folder",
  "uri_file",
  "mltable",
  "string",
  "number",
  "integer",
  "boolean",
  "custom_model",
  "mlflow_model",
];

/** The pipeline itself: its names, its defaults, its inputs and outputs. */
export function PipelineSettings({ kind, level, document, model, onChange }: Props) {
  const t = useT();
  const isWhole = level.length === 0;
  const set = (path: Path, value: Parameters<typeof changes.set>[3]) =>
    onChange((old) => changes.set(old, level, path, value));
  const settings = mapping(document.settings);
  const queue = mapping(document.queue_settings);
  const hasTier = Object.keys(queue).some((key) => key !== "priority");
  const text = (key: string, label: string, isLong = false) => (
    <Row label={label}>
      <Typed
        value={textOf(document[key]) ?? ""}
        label={label}
        isLong={isLong}
        onCommit={(value) => set([key], value || undefined)}
      />
    </Row>
  );
  return (
    <aside className="panel" aria-label={t("Pipeline")}>
      <div className="panel-head">
        <h2>{t("Pipeline")}</h2>
      </div>
      {isWhole && kind === "component" && text("name", t("Name"))}
      {isWhole && kind === "component" && text("version", t("Version"))}
      {text("display_name", t("Display name"))}
      {isWhole && kind === "job" && text("experiment_name", t("Experiment"))}
      {text("description", t("Description"), true)}
      <Ports side="inputs" {...{ kind, level, model, onChange }} />
      <Ports side="outputs" {...{ kind, level, model, onChange }} />
      {isWhole && kind === "job" && (
        <>
          <h3>{t("Settings")}</h3>
          <Row label={t("Default compute")}>
            <ComputeSelect
              label={t("Default compute")}
              value={textOf(settings.default_compute)}
              onChange={(value) => set(["settings", "default_compute"], value)}
            />
          </Row>
          <Row label={t("Priority")}>
            <PrioritySelect
              size="small"
              label={t("Priority")}
              value={priorityIn(textOf(queue.priority))}
              onChange={(priority) =>
                set(["queue_settings", ...(priority || hasTier ? ["priority"] : [])], priorityWord(priority))
              }
            />
          </Row>
          <Checkbox
            label={t("Go on with other steps when one fails")}
            checked={textOf(settings.continue_on_step_failure)?.toLowerCase() !== "false"}
            onChange={(_, { checked }) => set(["settings", "continue_on_step_failure"], checked ? undefined : false)}
          />
          <Checkbox
            label={t("Run every step, reuse nothing")}
            checked={textOf(settings.force_rerun)?.toLowerCase() === "true"}
            onChange={(_, { checked }) => set(["settings", "force_rerun"], checked ? true : undefined)}
          />
        </>
      )}
    </aside>
  );
}

interface PortsProps extends Pick<Props, "kind" | "level" | "model" | "onChange"> {
  side: "inputs" | "outputs";
}

function Ports({ side, kind, level, model, onChange }: PortsProps) {
  const t = useT();
  const [name, setName] = useState("");
  const [type, setType] = useState("uri_folder");
  const ports = model[side];
  const title = side === "inputs" ? t("Inputs") : t("Outputs");
  const add = () => {
    const free = changes.freeName(
      name,
      ports.map((each) => each.name),
    );
    onChange((old) => changes.addPort(old, level, side, free, type));
    setName("");
  };
  return (
    <>
      <h3>{title}</h3>
      {ports.map((port) => (
        <div key={port.name} className="design-input">
          <span className="row">
            <Typed
              value={port.name}
              label={t("Name of {name}", { name: port.name })}
              onCommit={(fresh) => {
                const free = changes.freeName(
                  fresh,
                  ports.map((each) => each.name).filter((each) => each !== port.name),
                );
                onChange((old) => changes.renamePort(old, level, side, port.name, free));
              }}
            />
            <Button
              size="small"
              appearance="subtle"
              icon={<Delete16Regular />}
              aria-label={t("Remove {name}", { name: port.name })}
              onClick={() => onChange((old) => changes.removePort(old, level, side, port.name))}
            />
          </span>
          <span className="row">
            <span className="faint">{termOf(port.type, t)}</span>
            <Typed
              value={port.text ?? ""}
              label={
                side === "inputs" ? t("Value of {name}", { name: port.name }) : t("Path of {name}", { name: port.name })
              }
              placeholder={side === "inputs" && !isData(port.type) ? t("A value") : t("A path")}
              onCommit={(value) =>
                onChange((old) => valued(old, [...level, side, port.name], port, VALUE[side][kind], value))
              }
            />
          </span>
        </div>
      ))}
      <form
        className="row design-settings-add"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <Input
          size="small"
          value={name}
          aria-label={side === "inputs" ? t("New input") : t("New output")}
          placeholder={t("Name")}
          onChange={(_, { value }) => setName(value)}
        />
        <Select size="small" aria-label={t("Type")} value={type} onChange={(_, { value }) => setType(value)}>
          {TYPES.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </Select>
        <Button size="small" type="submit" icon={<Add16Regular />} aria-label={t("Add")} disabled={!name.trim()} />
      </form>
    </>
  );
}

/** Where a port that is more than a word keeps its value. */
const VALUE = {
  inputs: { job: "value", component: "default" },
  outputs: { job: "path", component: "path" },
} as const;

function valued(text: string, path: Path, port: PipelinePort, key: string, value: string): string {
  const word = ["number", "integer", "literal"].includes(port.type) ? changes.numberOf(value) : value;
  if (!isMapping(port.document)) return changes.set(text, [], path, word);
  const place = isData(port.type) ? "path" : "default" in port.document ? "default" : key;
  return changes.set(text, [], [...path, place], value === "" ? undefined : word);
}
