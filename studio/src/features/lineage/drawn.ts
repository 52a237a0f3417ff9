import type { Edge, Node } from "@xyflow/react";
import { laid } from "../graph/laid";

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
  const at = laid(
    nodes.map(({ id }) => ({ id, ...SIZE })),
    edges,
    { direction: "LR", apart: 24, ranks: 64 },
  );
  return {
    nodes: nodes.map((thing) => ({
      id: thing.id,
      type: "thing",
      position: at.get(thing.id)!,
      ...SIZE,
      data: { thing, isStart: thing.id === start },
    })),
    edges: edges.map(({ from, to }) => ({ id: `${from}→${to}`, source: from, target: to, focusable: false })),
  };
}
