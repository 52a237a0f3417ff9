import {
  ArrowRepeatAll16Regular,
  BranchFork16Regular,
  Code16Regular,
  ErrorCircle16Filled,
  Flowchart16Regular,
  Search16Regular,
  TableSimple16Regular,
  type FluentIcon,
} from "@fluentui/react-icons";
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { useT } from "../../app/i18n";
import { termOf } from "../../ui/terms";
import { drawn } from "./arrange";
import { handleOf, type StepNode as Shape } from "./nodes";
import type { Port } from "./pipeline";

const ICONS: Record<string, FluentIcon> = {
  pipeline: Flowchart16Regular,
  sweep: Search16Regular,
  parallel: TableSimple16Regular,
  parallel_for: ArrowRepeatAll16Regular,
  do_while: ArrowRepeatAll16Regular,
  if_else: BranchFork16Regular,
};

/** A step with the ports that lines can lead to. */
export const StepNode = memo(function StepNode({ data: { step, problems }, selected }: NodeProps<Shape>) {
  const t = useT();
  const Icon = ICONS[step.type] ?? Code16Regular;
  const { inputs, outputs } = drawn(step);
  return (
    <div className={`design-step ${selected ? "chosen" : ""} ${problems > 0 ? "flawed" : ""}`}>
      <Handle id="in" type="target" position={Position.Left} isConnectable={false} className="aside" />
      <Handle id="out" type="source" position={Position.Right} isConnectable={false} className="aside" />
      <div className="step-title">
        <Icon aria-hidden />
        <span>{step.title}</span>
        {problems > 0 && (
          <ErrorCircle16Filled className="bad" aria-label={t("{count} problems", { count: problems })} />
        )}
      </div>
      <div className="design-kind">{termOf(step.type, t)}</div>
      <div className="design-ports">
        <ul>
          {inputs.map(({ name, port }) => (
            <li key={name} title={title(name, port)}>
              <Handle id={handleOf("i", name)} type="target" position={Position.Left} />
              <span>{name}</span>
            </li>
          ))}
        </ul>
        <ul>
          {outputs.map(({ name, port }) => (
            <li key={name} title={title(name, port)}>
              <span>{name}</span>
              <Handle id={handleOf("o", name)} type="source" position={Position.Right} />
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
});

const title = (name: string, port: Port | undefined): string => (port ? `${name}: ${port.type}` : name);
