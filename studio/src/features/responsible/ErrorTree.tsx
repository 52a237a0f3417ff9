import type { KeyboardEvent } from "react";
import { useT } from "../../app/i18n";
import { short } from "../../ui/number";
import type { TreeNode } from "./dashboards";
import { percent } from "./words";

interface Props {
  tree: TreeNode[];
  isRate: boolean;
  chosen: number;
  onChoose: (id: number) => void;
}

interface Placed {
  node: TreeNode;
  x: number;
  y: number;
}

const STEP_X = 150;
const STEP_Y = 104;
const TOP = 40;
const LONGEST = 20;

/** Where the nodes stand: leaves side by side, the others over the middle of what is below them. */
function placed(tree: TreeNode[]): Placed[] {
  const found: Placed[] = [];
  let leaves = 0;
  const place = (node: TreeNode, depth: number): number => {
    const below = tree.filter(({ parentId }) => parentId === node.id).map((each) => place(each, depth + 1));
    const x = below.length > 0 ? (below[0] + below[below.length - 1]) / 2 : (leaves++ + 0.5) * STEP_X;
    found.push({ node, x, y: TOP + depth * STEP_Y });
    return x;
  };
  if (tree.length > 0) place(tree[0], 0);
  return found.sort((one, other) => one.node.id - other.node.id);
}

/** A tree whose nodes are the redder the more rows in them are wrong, and the larger the more rows they have. */
export function ErrorTree({ tree, isRate, chosen, onChoose }: Props) {
  const t = useT();
  const nodes = placed(tree);
  const byId = new Map(nodes.map((each) => [each.node.id, each]));
  const worst = Math.max(...tree.map(({ metricValue }) => metricValue), Number.MIN_VALUE);
  const width = Math.max(...nodes.map(({ x }) => x), 0) + STEP_X / 2;
  const height = Math.max(...nodes.map(({ y }) => y), 0) + 44;
  const shown = (value: number) => (isRate ? percent(value) : short(value));
  const pressed = (event: KeyboardEvent, id: number) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onChoose(id);
  };
  return (
    <div className="error-tree">
      <svg width={width} height={height} role="group" aria-label={t("Error tree")}>
        {nodes.map(({ node, x, y }) => {
          const above = node.parentId === null ? undefined : byId.get(node.parentId);
          return above && <line key={node.id} x1={above.x} y1={above.y} x2={x} y2={y} />;
        })}
        {nodes.map(({ node, x, y }) => {
          const words = node.condition ?? t("All rows");
          const radius = 20 + 10 * Math.sqrt(node.size / Math.max(tree[0].size, 1));
          return (
            <g
              key={node.id}
              role="button"
              tabIndex={0}
              aria-pressed={node.id === chosen}
              aria-label={t("{where}: {value}, {count} rows", {
                where: words,
                value: shown(node.metricValue),
                count: node.size,
              })}
              className={node.id === chosen ? "chosen" : undefined}
              onClick={() => onChoose(node.id)}
              onKeyDown={(event) => pressed(event, node.id)}
            >
              <title>{words}</title>
              <circle className="ground" cx={x} cy={y} r={radius} />
              <circle cx={x} cy={y} r={radius} style={{ fillOpacity: (0.55 * node.metricValue) / worst }} />
              <text x={x} y={y + 4} textAnchor="middle">
                {shown(node.metricValue)}
              </text>
              <text className="condition" x={x} y={y + radius + 14} textAnchor="middle">
                {words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
