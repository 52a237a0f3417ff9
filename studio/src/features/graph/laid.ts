import { Graph, layout } from "@dagrejs/dagre";

export interface Place {
  x: number;
  y: number;
}

interface Sized {
  id: string;
  width: number;
  height: number;
}

export interface Laid {
  /** Upper left corners of nodes. */
  at: Map<string, Place>;
  /** Where an edge passes beside the nodes that stand between its ends, by `edgeId`. */
  past: Map<string, Place[]>;
}

export const edgeId = (from: string, to: string): string => `${from}→${to}`;

/**
 * Where each node stands, and which way edges take, so that they go in one direction and behind no node.
 *
 * The layout knows nodes by their number: it keeps what it knows of them under their names in plain objects, where a
 * step called `constructor` would be found before it was put there.
 */
export function laid(
  nodes: readonly Sized[],
  edges: readonly { from: string; to: string }[],
  { direction, apart, ranks }: { direction: "TB" | "LR"; apart: number; ranks: number },
): Laid {
  const graph = new Graph();
  graph.setGraph({ rankdir: direction, nodesep: apart, ranksep: ranks });
  graph.setDefaultEdgeLabel(() => ({}));
  const numbers = new Map(nodes.map(({ id }, number) => [id, String(number)]));
  for (const { id, width, height } of nodes) graph.setNode(numbers.get(id)!, { width, height });
  for (const { from, to } of edges) {
    const [source, target] = [numbers.get(from), numbers.get(to)];
    if (source !== undefined && target !== undefined) graph.setEdge(source, target);
  }
  layout(graph);
  const at = new Map(
    nodes.map(({ id }) => {
      const { x, y, width, height } = graph.node(numbers.get(id)!);
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
  const past = new Map<string, Place[]>();
  for (const { from, to } of edges) {
    const [source, target] = [numbers.get(from), numbers.get(to)];
    if (source === undefined || target === undefined) continue;
    // Between its ends an edge has a point between any two ranks, where labels would be, and one at each rank it passes.
    const { points } = graph.edge(source, target) as { points: Place[] };
    const beside = points.slice(1, -1).filter((_, index) => index % 2 === 1);
    if (beside.length > 0) past.set(edgeId(from, to), beside);
  }
  return { at, past };
}
