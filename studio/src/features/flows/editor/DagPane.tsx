import { Background, Controls, Handle, Position, ReactFlow, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useSearch } from "@tanstack/react-router";
import { memo, useMemo } from "react";
import { useT } from "../../../app/i18n";
import { useTheme } from "../../../app/theme";
import { Status } from "../../../ui/Status";
import { edgeId } from "../../graph/laid";
import { down, NODE, places } from "../../graph/layout";
import { useGraphWords } from "../../graph/useGraphWords";
import { WAYS } from "../../graph/Way";
import { connected, canConnect } from "../connecting";
import { edgesOf, type Dag } from "../dag";
import { useDag, useDagChange } from "../useDag";
import { useNodeRun } from "../useTests";

interface CardData extends Record<string, unknown> {
  title: string;
  kind: string;
  isNode: boolean;
  isChosen: boolean;
}

type Card = Node<CardData, "card">;

const FlowCard = memo(function FlowCard({ id, data }: NodeProps<Card>) {
  return (
    <div className={`step-card ${data.isChosen ? "chosen" : ""} ${data.isNode ? "" : "flow-end"}`}>
      {id !== "inputs" && <Handle type="target" position={Position.Top} />}
      <div className="step-title">
        <span>{data.title}</span>
      </div>
      <div className="step-state">
        <span className="faint">{data.kind}</span>
        {data.isNode && <NodeState node={id} />}
      </div>
      {id !== "outputs" && <Handle type="source" position={Position.Bottom} />}
    </div>
  );
});

function NodeState({ node }: { node: string }) {
  const { found } = useNodeRun(node);
  return found ? <Status of={found.status} /> : null;
}

const KINDS = { card: FlowCard };

/** The graph of the flow, drawn from the same text as the list beside it. */
export function DagPane({ onChoose }: { onChoose: (node: string) => void }) {
  const t = useT();
  const { shown } = useTheme();
  const words = useGraphWords(false);
  const dag = useDag();
  const { node: chosen } = useSearch({ from: "/flows/$name" });
  const change = useDagChange();
  const { nodes, edges, shape } = useMemo(() => drawn(dag, chosen, [t("Inputs"), t("Outputs")]), [dag, chosen, t]);
  const choose = (id: string) => dag?.nodes.some(({ name }) => name === id) && onChoose(id);
  return (
    <section className="flow-dag" aria-label={t("Graph")}>
      <ReactFlow
        key={shape}
        nodes={nodes}
        edges={edges}
        nodeTypes={KINDS}
        edgeTypes={WAYS}
        ariaLabelConfig={words}
        colorMode={shown}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.12 }}
        minZoom={0.1}
        nodesDraggable={false}
        // The list beside it says the same with the keyboard.
        onConnect={({ source, target }) => dag && change((text) => connected(text, dag, source, target))}
        isValidConnection={({ source, target }) => dag !== null && canConnect(dag, source, target)}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, { id }) => choose(id)}
        // With the keyboard a node is chosen by Enter or the space bar.
        onNodesChange={(changes) =>
          changes.forEach((each) => each.type === "select" && each.selected && choose(each.id))
        }
      >
        <Background />
        <Controls position="top-right" showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

function drawn(dag: Dag | null, chosen: string | undefined, [inputs, outputs]: [string, string]) {
  if (!dag) return { nodes: [], edges: [], shape: "" };
  const links = edgesOf(dag);
  const names = [...new Set(["inputs", ...dag.nodes.map(({ name }) => name), "outputs"])];
  const needs = (name: string) => links.filter(({ to }) => to === name).map(({ from }) => from);
  const steps = names.map((name) => ({ name, needs: needs(name) }));
  const all = places(steps);
  const kinds = new Map(dag.nodes.map((node) => [node.name, node]));
  const nodes: Card[] = names.map((name) => {
    const node = kinds.get(name);
    const title = node ? name : name === "inputs" ? inputs : outputs;
    return {
      id: name,
      type: "card",
      position: all.at.get(name) ?? { x: 0, y: 0 },
      ...NODE,
      ariaLabel: title,
      selectable: node !== undefined,
      focusable: node !== undefined,
      data: {
        title,
        kind: node ? node.type + (node.variants ? ` · ${node.variants.default}` : "") : "",
        isNode: node !== undefined,
        isChosen: name === chosen,
      },
    };
  });
  const edges = links.map(({ from, to }) => ({
    id: edgeId(from, to),
    source: from,
    ariaLabel: `${from} → ${to}`,
    target: to,
    focusable: false,
    animated: kinds.get(to)?.activate != null,
    ...down(all, from, to),
  }));
  return { nodes, edges, shape: steps.map(({ name, needs }) => `${name}<${needs.join()}`).join(";") };
}
