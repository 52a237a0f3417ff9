import { BaseEdge, type Edge, type EdgeProps } from "@xyflow/react";
import type { Laid, Place } from "./laid";

interface WayData extends Record<string, unknown> {
  past: Place[];
  /** How far a node reaches in the direction of the graph. */
  reach: number;
  direction: "TB" | "LR";
}

type WayEdge = Edge<WayData, "way">;

/** An edge that goes round the nodes between its ends. */
export function Way({ id, sourceX, sourceY, targetX, targetY, data, style, markerEnd }: EdgeProps<WayEdge>) {
  const path = through({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, data!);
  return <BaseEdge id={id} path={path} style={style} markerEnd={markerEnd} />;
}

export const WAYS = { way: Way };

/** What makes an edge one that goes round, if there is anything between its ends. */
export function roundabout(
  id: string,
  { past }: Laid,
  shape: Pick<WayData, "reach" | "direction">,
): { type?: "way"; data?: WayData } {
  const beside = past.get(id);
  return beside ? { type: "way", data: { past: beside, ...shape } } : {};
}

/** Straight beside each node that it passes, and in a curve from one rank to the next. */
function through(from: Place, to: Place, { past, reach, direction }: WayData): string {
  const isDown = direction === "TB";
  const moved = ({ x, y }: Place, by: number): Place => (isDown ? { x, y: y + by } : { x: x + by, y });
  let path = `M ${from.x},${from.y}`;
  let here = from;
  const curveTo = (there: Place) => {
    const middle = isDown ? (here.y + there.y) / 2 : (here.x + there.x) / 2;
    const [first, second] = isDown
      ? [`${here.x},${middle}`, `${there.x},${middle}`]
      : [`${middle},${here.y}`, `${middle},${there.y}`];
    path += ` C ${first} ${second} ${there.x},${there.y}`;
    here = there;
  };
  for (const place of past) {
    curveTo(moved(place, -reach / 2));
    here = moved(place, reach / 2);
    path += ` L ${here.x},${here.y}`;
  }
  curveTo(to);
  return path;
}
