import {
  Button,
  Checkbox,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Select,
} from "@fluentui/react-components";
import { ArrowDown16Regular, ArrowUp16Regular, MoreHorizontal16Regular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useT } from "../../../app/i18n";
import { useInSight } from "../../../ui/useInSight";
import { AskName } from "../../../ui/AskName";
import { moveNode, removeNode, renameNode, setInNode } from "../change";
import { Committed } from "../Committed";
import type { DagNode } from "../dag";
import { referencesFor } from "../references";
import { useDag, useDagChange } from "../useDag";
import { useDraft, useText } from "../useDraft";
import { useNameCheck } from "../useNameCheck";
import { useNodeRun } from "../useTests";
import { NodeResult } from "../NodeResult";
import { Activation } from "./Activation";
import { FileEditor } from "./FileEditor";
import { NodeInputs } from "./NodeInputs";
import { NodeSettings } from "./NodeSettings";
import { RunNode } from "./RunNode";

interface Props {
  node: DagNode;
  place: { isFirst: boolean; isLast: boolean };
  isChosen: boolean;
  onChoose: (node: string) => void;
}

/** One node: what runs, with what, and what it answered last. */
export function NodeCard({ node, place, isChosen, onChoose }: Props) {
  const t = useT();
  const dag = useDag();
  const { paths } = useDraft();
  const change = useDagChange();
  const [isNaming, setNaming] = useState(false);
  const [box, isSeen] = useInSight<HTMLElement>();
  const listId = useId();
  const { found } = useNodeRun(node.name);
  const names = dag?.nodes.map(({ name }) => name) ?? [];
  const path = node.source?.path ?? null;
  const isFile = path !== null && paths.includes(path);
  const variant = node.variants?.default;
  const set = (where: (string | number)[], value: unknown) =>
    change((text) => setInNode(text, node.name, where, value, variant));
  const check = useNameCheck(names);
  return (
    <section
      ref={box}
      id={`node-${node.name}`}
      className={`node-card ${isChosen ? "chosen" : ""}`}
      aria-label={t("Node {name}", { name: node.name })}
    >
      <div className="node-head">
        <h2>
          <button type="button" className="link plain" onClick={() => onChoose(node.name)}>
            {node.name}
          </button>
        </h2>
        <span className="faint">{node.type}</span>
        {node.variants && (
          <Link to="/flows/$name" from="/flows/$name" search={(old) => ({ ...old, tab: "variants", node: node.name })}>
            {t("{count} variants", { count: node.variants.names.length })} · {variant}
          </Link>
        )}
        <span className="actions">
          <RunNode node={node} />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowUp16Regular />}
            disabled={place.isFirst}
            aria-label={t("Move {name} up", { name: node.name })}
            onClick={() => change((text) => moveNode(text, node.name, -1))}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowDown16Regular />}
            disabled={place.isLast}
            aria-label={t("Move {name} down", { name: node.name })}
            onClick={() => change((text) => moveNode(text, node.name, 1))}
          />
          <Menu>
            <MenuTrigger disableButtonEnhancement>
              <Button
                size="small"
                appearance="subtle"
                icon={<MoreHorizontal16Regular />}
                aria-label={t("More about {name}", { name: node.name })}
              />
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                <MenuItem onClick={() => setNaming(true)}>{t("Rename")}</MenuItem>
                <MenuItem onClick={() => change((text) => removeNode(text, node.name))}>{t("Take away")}</MenuItem>
              </MenuList>
            </MenuPopover>
          </Menu>
        </span>
      </div>
      <div className="node-settings">
        {node.source?.type === "package" ? (
          <label>
            {t("Tool")}
            <Committed
              value={node.source.tool ?? ""}
              placeholder="promptflow.tools.embedding.embedding"
              onCommit={(text) => set(["source", "tool"], text)}
            />
          </label>
        ) : (
          <label>
            {t("File")}
            <Select
              size="small"
              value={path ?? ""}
              onChange={(_, { value }) => set(["source"], { type: node.source?.type ?? "code", path: value })}
            >
              {[...new Set([...paths.filter((each) => fits(each, node.type)), path ?? ""])].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          </label>
        )}
        <NodeSettings body={node} onSet={set} />
        {node.type === "python" && (
          <Checkbox
            label={t("Once over all lines")}
            checked={node.aggregation}
            onChange={(_, { checked }) => set(["aggregation"], checked === true ? true : undefined)}
          />
        )}
      </div>
      {isFile && (
        <details open className="node-source">
          <summary>{path}</summary>
          {isSeen ? <FileEditor path={path} /> : <div className="code-space" />}
        </details>
      )}
      <Parameters node={node} path={isFile ? path : null} references={listId} onSet={set} />
      <Activation node={node} references={listId} onSet={set} />
      {found && <NodeResult of={found} />}
      <datalist id={listId}>
        {dag && referencesFor(dag, node.name).map((each) => <option key={each} value={each} />)}
      </datalist>
      {isNaming && (
        <AskName
          title={t("Rename {name}", { name: node.name })}
          value={node.name}
          check={check}
          onName={(name) => {
            change((text) => renameNode(text, node.name, name));
            onChoose(name);
          }}
          onClose={() => setNaming(false)}
        />
      )}
    </section>
  );
}

const fits = (path: string, type: string): boolean =>
  (type === "python" ? /\.py$/ : /\.(jinja2|jinja|j2|md|txt)$/).test(path);

interface ParametersProps {
  node: DagNode;
  path: string | null;
  references: string;
  onSet: (where: (string | number)[], value: unknown) => void;
}

function Parameters({ node, path, references, onSet }: ParametersProps) {
  const { text } = useText(path);
  return <NodeInputs body={node} path={path} text={text ?? ""} references={references} onSet={onSet} />;
}
