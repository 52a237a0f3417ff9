import { ArrowRepeatAll16Regular, FlowchartRegular } from "@fluentui/react-icons";
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { useT } from "../../app/i18n";
import { Status } from "../../ui/Status";
import { duration } from "../../ui/time";
import type { StepNode } from "./layout";

export const StepCard = memo(function StepCard({ data: { step, isChosen } }: NodeProps<StepNode>) {
  const t = useT();
  return (
    <div className={`step-card ${isChosen ? "chosen" : ""}`}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className="step-title">
        {step.steps.length > 0 && <FlowchartRegular aria-hidden />}
        <span>{step.displayName}</span>
      </div>
      <div className="step-state">
        <Status of={step.status} />
        {step.reuse.reused ? (
          <span className="reused" title={step.reuse.reason ?? ""}>
            <ArrowRepeatAll16Regular aria-hidden /> {t("Reused")}
          </span>
        ) : (
          step.durationSeconds !== null && <span className="faint">{duration(step.durationSeconds)}</span>
        )}
      </div>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
});
