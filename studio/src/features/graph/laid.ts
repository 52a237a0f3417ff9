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

/**
 * Where each node stands, by its upper left corner, so that edges go one way.
 *
 * The layout knows nodes by their number: it keeps what it knows of them under their names in plain objects, where a
 * step called `constructor` would be found before it was put there.
 */
export function laid(
  nodes: readonly Sized[],
  edges: readonly { from: string; to: string }[],
  { direction, apart, ranks }: { direction: "TB" | "LR"; apart: number; ranks: number },
): Map<string, Place> {
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
  return new Map(
    nodes.map(({ id }) => {
      const { x, y, width, height } = graph.node(numbers.get(id)!);
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}
