import { Graph, layout } from "@dagrejs/dagre";
import type { Edge, Node } from "@xyflow/react";

export interface Thing {
  id: string;
  kind: "jobs" | "data" | "models" | "onlineEndpoints" | "batchEndpoints";
  name: string;
  version: string;
  title: string;
  about: string;
}

export interface Relations {
  start: string;
  nodes: Thing[];
  edges: { from: string; to: string }[];
  isWhole: boolean;
}

export interface ThingData extends Record<string, unknown> {
  thing: Thing;
  isStart: boolean;
}

export type LineageNode = Node<ThingData, "thing">;

const SIZE = { width: 220, height: 76 };

/** Where everything stands: what something was made from to its left. */
export function drawn({ start, nodes, edges }: Relations): { nodes: LineageNode[]; edges: Edge[] } {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 24, ranksep: 64 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { ...SIZE });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  return {
    nodes: nodes.map((thing) => {
      const { x, y } = graph.node(thing.id);
      return {
        id: thing.id,
        type: "thing",
        position: { x: x - SIZE.width / 2, y: y - SIZE.height / 2 },
        ...SIZE,
        data: { thing, isStart: thing.id === start },
      };
    }),
    edges: edges.map(({ from, to }) => ({ id: `${from}→${to}`, source: from, target: to, focusable: false })),
  };
}
