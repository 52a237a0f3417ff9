import { Background, Controls, Handle, Position, ReactFlow, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo, useMemo } from "react";
import { useT, type Message } from "../../app/i18n";
import { useTheme } from "../../app/theme";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Status } from "../../ui/Status";
import { useGraphWords } from "../graph/useGraphWords";
import { WAYS } from "../graph/Way";
import { drawn, type LineageNode, type Relations, type Thing } from "./drawn";
import { relations } from "./relations";

interface Props {
  kind: "jobs" | "data" | "models";
  name: string;
  version?: string;
}

const CARDS = { thing: memo(ThingCard) };

/** From data to jobs to models to endpoints: where something comes from, and what has become of it. */
export default function LineageGraph({ kind, name, version }: Props) {
  const t = useT();
  const found = useQuery(relations(useScope(), kind, name, version));
  return (
    <Loaded of={found}>
      {(all) =>
        all.nodes.length === 1 ? (
          <Empty>{t("Nothing known was made from it, or led to it.")}</Empty>
        ) : (
          <Drawn relations={all} />
        )
      }
    </Loaded>
  );
}

function Drawn({ relations: all }: { relations: Relations }) {
  const t = useT();
  const { shown } = useTheme();
  const words = useGraphWords(false);
  const { nodes, edges } = useMemo(() => drawn(all), [all]);
  return (
    <>
      {!all.isWhole && <p className="faint">{t("Only the nearest are shown.")}</p>}
      <div className="graph lineage-graph">
        <div className="graph-canvas">
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={CARDS}
            edgeTypes={WAYS}
            ariaLabelConfig={words}
            colorMode={shown}
            fitView
            fitViewOptions={{ maxZoom: 1, padding: 0.15 }}
            minZoom={0.05}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            proOptions={{ hideAttribution: true }}
          >
            <Background />
            <Controls showInteractive={false} />
          </ReactFlow>
        </div>
      </div>
    </>
  );
}

const WORDS: Record<Thing["kind"], Message> = {
  jobs: "Job",
  data: "Data",
  models: "Model",
  onlineEndpoints: "Endpoint",
  batchEndpoints: "Endpoint",
};

function ThingCard({ data: { thing, isStart } }: NodeProps<LineageNode>) {
  const t = useT();
  return (
    <div className={isStart ? "step-card chosen" : "step-card"}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="step-title">
        <ThingLink thing={thing} />
      </div>
      <div className="step-state">
        <span className="faint">{t(WORDS[thing.kind])}</span>
        {thing.kind === "jobs" ? <Status of={thing.about} /> : <span className="faint">{thing.about}</span>}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

function ThingLink({ thing: { kind, name, version, title } }: { thing: Thing }) {
  if (kind === "jobs") {
    return (
      <Link to="/jobs/$name" params={{ name }} search={{ tab: "lineage" }}>
        {title}
      </Link>
    );
  }
  if (kind === "data" || kind === "models") {
    return (
      <Link to="/assets/$kind/$name" params={{ kind, name }} search={{ version, tab: "lineage" }}>
        {title}
      </Link>
    );
  }
  const to = kind === "onlineEndpoints" ? "/endpoints/online/$name" : "/endpoints/batch/$name";
  return (
    <Link to={to} params={{ name }}>
      {title}
    </Link>
  );
}
