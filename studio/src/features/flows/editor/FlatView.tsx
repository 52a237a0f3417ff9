import { useSearch } from "@tanstack/react-router";
import { useEffect, useId } from "react";
import { referencesFor } from "../references";
import { useDag } from "../useDag";
import { AddNode } from "./AddNode";
import { InputsSection } from "./InputsSection";
import { NodeCard } from "./NodeCard";
import { OutputsSection } from "./OutputsSection";
import { RunBar } from "./RunBar";

/** The flow from top to bottom: its inputs, its nodes, its outputs. */
export function FlatView({ onChoose }: { onChoose: (node: string) => void }) {
  const dag = useDag();
  const { node: chosen } = useSearch({ from: "/flows/$name" });
  const listId = useId();
  useEffect(() => {
    if (chosen) document.getElementById(`node-${chosen}`)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }, [chosen]);
  if (!dag) return null;
  return (
    <div className="flow-flat">
      <RunBar />
      <InputsSection />
      {dag.nodes.map((node, index) => (
        <NodeCard
          key={node.name || index}
          node={node}
          place={{ isFirst: index === 0, isLast: index === dag.nodes.length - 1 }}
          isChosen={node.name === chosen}
          onChoose={onChoose}
        />
      ))}
      <AddNode onAdded={onChoose} />
      <OutputsSection references={listId} />
      <datalist id={listId}>
        {referencesFor(dag).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </div>
  );
}
