import type { Edge, Node } from "@xyflow/react";
import { edgeId, laid } from "../graph/laid";
import { roundabout } from "../graph/Way";

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
  const all = laid(
    nodes.map(({ id }) => ({ id, ...SIZE })),
    edges,
    { direction: "LR", apart: 24, ranks: 64 },
  );
  return {
    nodes: nodes.map((thing) => ({
      id: thing.id,
      type: "thing",
      position: all.at.get(thing.id)!,
      ...SIZE,
      data: { thing, isStart: thing.id === start },
    })),
    edges: edges.map(({ from, to }) => {
      const id = edgeId(from, to);
      const way = roundabout(id, all, { reach: SIZE.width, direction: "LR" });
      return { id, source: from, target: to, focusable: false, ariaLabel: `${from} → ${to}`, ...way };
    }),
  };
}
