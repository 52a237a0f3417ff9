import { Background, Controls, MiniMap, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useMemo } from "react";
import type { Step } from "../../api/types";
import { useT } from "../../app/i18n";
import { useTheme } from "../../app/theme";
import { edgesOf, hasInside, nodesOf, places } from "./layout";
import { StepCard } from "./StepCard";
import { useGraphWords } from "./useGraphWords";
import { WAYS } from "./Way";

const KINDS = { step: StepCard };
/** Of more steps neither a map nor a pattern behind them is drawn: both are drawn anew with every move. */
const MOST_WITH_MAP = 300;

interface Props {
  steps: readonly Step[];
  chosen?: string;
  onChoose: (name?: string) => void;
  onEnter?: (name: string) => void;
}

/** Steps and what each needs, drawn. */
export function StepGraph({ steps, chosen, onChoose, onEnter }: Props) {
  const t = useT();
  const { shown } = useTheme();
  const words = useGraphWords(false);
  // Where steps stand follows from which there are, not from how they fare.
  const shape = steps.map(({ name, needs }) => `${name}<${needs?.join()}`).join(";");
  const at = useMemo(() => places(steps), [shape]);
  const nodes = useMemo(() => nodesOf(steps, at, t, chosen), [steps, at, t, chosen]);
  const edges = useMemo(() => edgesOf(steps, at), [steps, at]);
  return (
    <div className="graph-canvas">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={KINDS}
        edgeTypes={WAYS}
        ariaLabelConfig={words}
        colorMode={shown}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.15 }}
        minZoom={0.05}
        nodesDraggable={false}
        nodesConnectable={false}
        onlyRenderVisibleElements
        proOptions={{ hideAttribution: true }}
        // A double click opens what it meets; to zoom, it would be kept from the nodes.
        zoomOnDoubleClick={false}
        onNodeClick={(_, node) => onChoose(node.id)}
        onNodeDoubleClick={(_, node) => hasInside(node.data.step) && onEnter?.(node.id)}
        // With the keyboard a node is chosen by Enter or the space bar.
        onNodesChange={(changes) =>
          changes.forEach((each) => each.type === "select" && each.selected && onChoose(each.id))
        }
        onPaneClick={() => onChoose()}
      >
        {nodes.length <= MOST_WITH_MAP && <Background />}
        <Controls showInteractive={false} />
        {nodes.length <= MOST_WITH_MAP && <MiniMap pannable zoomable />}
      </ReactFlow>
    </div>
  );
}
