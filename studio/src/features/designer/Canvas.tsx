import {
  applyNodeChanges,
  Background,
  Controls,
  MiniMap,
  ReactFlow,
  useReactFlow,
  type Connection,
  type Edge,
  type FinalConnectionState,
  type NodeChange,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useCallback, useEffect, useMemo, useState, type DragEvent } from "react";
import { useT } from "../../app/i18n";
import { useTheme } from "../../app/theme";
import { showNotice } from "../../ui/Notices";
import type { Place } from "../graph/laid";
import { useGraphWords } from "../graph/useGraphWords";
import { arranged } from "./arrange";
import type { Binding } from "./bindings";
import { fits, typeOf, type Types } from "./fits";
import { edgesOf, nameOf, nodesOf, type AnyNode } from "./nodes";
import type { Link, Model } from "./pipeline";
import { PortNode } from "./PortNode";
import { StepNode } from "./StepNode";

export const DRAGGED = "application/x-smalt-component";

const KINDS = { step: StepNode, port: PortNode };
const MOST_FOR_MAP = 300;
const VIEW = { maxZoom: 1, minZoom: 0.2, padding: 0.08 };

interface Props {
  model: Model;
  places: Record<string, Place>;
  problems: Record<string, number>;
  chosen?: string;
  types?: Types;
  onChoose: (node?: string) => void;
  onEnter: (step: string) => void;
  onPlace: (places: Record<string, Place>) => void;
  onConnect: (from: Binding, to: { step: string; input: string } | { output: string }) => void;
  onRemove: (steps: string[], links: Link[]) => void;
  onDrop: (component: string, at: Place) => void;
}

/** The pipeline as boxes and lines. Everything that is done here can be done in the settings as well. */
export function Canvas(props: Props) {
  const { model, places, problems, chosen, types, onChoose, onEnter, onPlace, onConnect, onRemove, onDrop } = props;
  const t = useT();
  const { shown } = useTheme();
  const words = useGraphWords(true);
  const flow = useReactFlow();
  const shape =
    model.links.map(({ id }) => id).join() + model.steps.map((step) => step.name + step.inputs.length).join();
  const automatic = useMemo(() => arranged(model), [shape]);
  const [nodes, setNodes] = useState<AnyNode[]>([]);
  useEffect(() => {
    const at = (name: string) => (Object.hasOwn(places, name) ? places[name] : automatic.get(name)) ?? { x: 0, y: 0 };
    setNodes(nodesOf(model, at, problems, t, chosen));
  }, [model, places, automatic, problems, t, chosen]);
  const isAutomatic = Object.keys(places).length === 0;
  useEffect(() => {
    if (isAutomatic) requestAnimationFrame(() => void flow.fitView(VIEW));
  }, [shape, isAutomatic, flow]);
  const edges = useMemo(() => edgesOf(model), [model]);
  const fitting = useCallback(
    (connection: Connection | Edge) => {
      const wanted = model.steps
        .find(({ name }) => name === connection.target)
        ?.inputs.find(({ name }) => name === nameOf(connection.targetHandle))?.port;
      return connection.source !== connection.target && fits(types, typeOf(model, sourceOf(connection)), wanted);
    },
    [model, types],
  );
  const refused = (_: unknown, { fromHandle, toHandle, isValid }: FinalConnectionState) => {
    if (isValid !== false || !fromHandle || !toHandle) return;
    const [source, target] = fromHandle.type === "source" ? [fromHandle, toHandle] : [toHandle, fromHandle];
    const connection = { source: source.nodeId, sourceHandle: source.id ?? null, target: "", targetHandle: null };
    const given = typeOf(model, sourceOf(connection));
    showNotice(
      "error",
      t("{name} does not take {type}.", { name: nameOf(target.id) ?? target.nodeId, type: given ?? "" }),
    );
  };
  const connected = (connection: Connection) => {
    const input = nameOf(connection.targetHandle);
    if (input !== undefined) onConnect(sourceOf(connection), { step: connection.target, input });
    else if (connection.target.startsWith("out:"))
      onConnect(sourceOf(connection), { output: connection.target.slice(4) });
  };
  const changed = (changes: NodeChange<AnyNode>[]) => {
    setNodes((old) => applyNodeChanges(changes, old));
    // The keyboard selects without a click.
    const picked = changes.filter((each) => each.type === "select" && each.selected);
    if (picked.length === 1 && picked[0].type === "select" && picked[0].id !== chosen) onChoose(picked[0].id);
    // Dragged there and let go, or moved with the arrows.
    const moved = changes.flatMap((each) =>
      each.type === "position" && each.position && each.dragging === false ? [[each.id, each.position] as const] : [],
    );
    if (moved.length > 0) onPlace(Object.fromEntries(moved));
  };
  const dropped = (event: DragEvent) => {
    const component = event.dataTransfer.getData(DRAGGED);
    if (!component) return;
    event.preventDefault();
    onDrop(component, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }));
  };
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={KINDS}
      ariaLabelConfig={words}
      colorMode={shown}
      fitView
      fitViewOptions={VIEW}
      minZoom={0.05}
      onlyRenderVisibleElements={nodes.length > MOST_FOR_MAP}
      proOptions={{ hideAttribution: true }}
      deleteKeyCode={["Delete", "Backspace"]}
      isValidConnection={fitting}
      onConnect={connected}
      onConnectEnd={refused}
      onNodesChange={changed}
      onNodeClick={(_, node) => onChoose(node.id)}
      onNodeDoubleClick={(_, node) => onEnter(node.id)}
      onPaneClick={() => onChoose(undefined)}
      onDelete={(gone) =>
        onRemove(
          gone.nodes.map(({ id }) => id),
          gone.edges.map(({ data }) => data?.link as Link),
        )
      }
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDrop={dropped}
    >
      <Background />
      <Controls showInteractive={false} />
      {nodes.length <= MOST_FOR_MAP && nodes.length > 15 && <MiniMap pannable zoomable />}
    </ReactFlow>
  );
}

function sourceOf({ source, sourceHandle }: Pick<Edge, "source" | "sourceHandle">): Binding {
  if (source.startsWith("in:")) return { of: "input", name: source.slice(3) };
  return { of: "stepOutput", step: source, name: nameOf(sourceHandle) ?? "" };
}
