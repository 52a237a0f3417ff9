import { ArrowRepeatAll16Regular, FlowchartRegular } from "@fluentui/react-icons";
import { Handle, Position, useStore, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { Step } from "../../api/types";
import { useT } from "../../app/i18n";
import { Status, toneOf } from "../../ui/Status";
import { duration } from "../../ui/time";
import { hasInside, type StepNode } from "./layout";
import { reasonOf } from "./reasons";

/** From this far away nobody reads a card; its colour says how the step stands, and it is drawn in no time. */
const FAR = 0.3;

export const StepCard = memo(function StepCard({ data: { step, isChosen } }: NodeProps<StepNode>) {
  const isFar = useStore(({ transform: [, , scale] }) => scale < FAR);
  return (
    <div className={`step-card ${isChosen ? "chosen" : ""} ${isFar ? `far ${toneOf(step.status)}` : ""}`}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {!isFar && <Words step={step} />}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
});

function Words({ step }: { step: Step }) {
  const t = useT();
  return (
    <>
      <div className="step-title">
        {hasInside(step) && <FlowchartRegular aria-hidden />}
        <span>{step.displayName}</span>
      </div>
      <div className="step-state">
        <Status of={step.status} />
        {step.reuse.reused ? (
          <span className="reused" title={reasonOf(step.reuse.reason, t) ?? ""}>
            <ArrowRepeatAll16Regular aria-hidden /> {t("Reused")}
          </span>
        ) : (
          step.durationSeconds !== null && <span className="faint">{duration(step.durationSeconds, t)}</span>
        )}
      </div>
    </>
  );
}
