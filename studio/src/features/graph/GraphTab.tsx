import { Background, Controls, MiniMap, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { graph as graphQuery } from "../../api/queries";
import type { Graph } from "../../api/types";
import { useT } from "../../app/i18n";
import { useTheme } from "../../app/theme";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import type { TabProps } from "../jobs/JobPage";
import { below, edgesOf, nodesOf, places } from "./layout";
import { StepCard } from "./StepCard";
import { StepPanel } from "./StepPanel";

const KINDS = { step: StepCard };
/** Of more steps neither a map nor a pattern behind them is drawn: both are drawn anew with every move. */
const MOST_WITH_MAP = 300;

/** The steps of a pipeline as a graph; a nested pipeline opens on a double click. */
export default function GraphTab({ job }: TabProps) {
  const found = useQuery(graphQuery(useScope(), job.name));
  return <Loaded of={found}>{(graph) => <Drawn graph={graph} />}</Loaded>;
}

function Drawn({ graph }: { graph: Graph }) {
  const t = useT();
  const { shown } = useTheme();
  const { path = "", step: chosen } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const parts = useMemo(() => path.split("/").filter(Boolean), [path]);
  const steps = useMemo(() => below(graph.steps, parts), [graph, parts]);
  // Where steps stand follows from which there are, not from how they fare.
  const shape = steps.map(({ name, needs }) => `${name}<${needs?.join()}`).join(";");
  const at = useMemo(() => places(steps), [shape]);
  const nodes = useMemo(() => nodesOf(steps, at, chosen), [steps, at, chosen]);
  const edges = useMemo(() => edgesOf(steps), [steps]);
  const go = (next: { path?: string; step?: string }) => void navigate({ search: (old) => ({ ...old, ...next }) });
  const enter = (name: string) => go({ path: [...parts, name].join("/"), step: undefined });
  const open = steps.find(({ name }) => name === chosen);
  return (
    <>
      <nav className="crumbs" aria-label={t("Pipeline")}>
        <button type="button" className="link" onClick={() => go({ path: undefined, step: undefined })}>
          {graph.name}
        </button>
        {parts.map((part, index) => (
          <span key={parts.slice(0, index + 1).join("/")}>
            {" / "}
            <button
              type="button"
              className="link"
              onClick={() => go({ path: parts.slice(0, index + 1).join("/"), step: undefined })}
            >
              {part}
            </button>
          </span>
        ))}
        <span className="faint"> · {t("{count} steps", { count: steps.length })}</span>
      </nav>
      <div className="graph">
        <div className="graph-canvas">
          <ReactFlow
            key={path}
            nodes={nodes}
            edges={edges}
            nodeTypes={KINDS}
            colorMode={shown}
            fitView
            fitViewOptions={{ maxZoom: 1, padding: 0.15 }}
            minZoom={0.05}
            nodesDraggable={false}
            nodesConnectable={false}
            onlyRenderVisibleElements
            proOptions={{ hideAttribution: true }}
            onNodeClick={(_, node) => go({ step: node.id })}
            onNodeDoubleClick={(_, node) => node.data.step.steps.length > 0 && enter(node.id)}
            onPaneClick={() => go({ step: undefined })}
          >
            {nodes.length <= MOST_WITH_MAP && <Background />}
            <Controls showInteractive={false} />
            {nodes.length <= MOST_WITH_MAP && <MiniMap pannable zoomable ariaLabel={t("Overview")} />}
          </ReactFlow>
        </div>
        {open && <StepPanel step={open} onEnter={() => enter(open.name)} onClose={() => go({ step: undefined })} />}
      </div>
    </>
  );
}
