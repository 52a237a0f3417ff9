import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { PortNode as Shape } from "./nodes";

/** An input or an output of the pipeline itself. */
export const PortNode = memo(function PortNode({ data: { port, side }, selected }: NodeProps<Shape>) {
  return (
    <div className={`design-port ${side} ${selected ? "chosen" : ""}`}>
      {side === "outputs" && <Handle id="in" type="target" position={Position.Left} />}
      <strong>{port.name}</strong>
      <span className="faint">{port.text ?? port.type}</span>
      {side === "inputs" && <Handle id="out" type="source" position={Position.Right} />}
    </div>
  );
});
