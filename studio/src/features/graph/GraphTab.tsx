import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { graph as graphQuery } from "../../api/queries";
import type { Graph } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import type { TabProps } from "../jobs/JobPage";
import { below, isSweep } from "./layout";
import { StepGraph } from "./StepGraph";
import { StepPanel } from "./StepPanel";

/** The steps of a pipeline as a graph; a nested pipeline or a sweep opens on a double click. */
export default function GraphTab({ job }: TabProps) {
  const found = useQuery(graphQuery(useScope(), job.name));
  return <Loaded of={found}>{(graph) => <Drawn graph={graph} />}</Loaded>;
}

function Drawn({ graph }: { graph: Graph }) {
  const t = useT();
  const { path = "", step: chosen } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const parts = useMemo(() => path.split("/").filter(Boolean), [path]);
  const steps = useMemo(() => below(graph.steps, parts), [graph, parts]);
  const go = (next: { path?: string; step?: string }) => void navigate({ search: (old) => ({ ...old, ...next }) });
  const enter = (name: string) => {
    const step = steps.find((each) => each.name === name);
    // The trials of a sweep are many and alike: they stand in a table, on a page of their own.
    if (step && isSweep(step)) return void navigate({ to: "/jobs/$name", params: { name: step.job ?? "" } });
    go({ path: [...parts, name].join("/"), step: undefined });
  };
  const open = steps.find(({ name }) => name === chosen);
  return (
    <>
      <nav className="crumbs" aria-label={t("Pipeline")}>
        <button type="button" className="link" onClick={() => go({ path: undefined, step: undefined })}>
          {graph.name}
        </button>
        {parts.map((part, index) => (
          <span key={parts.slice(0, index + 1).join("/")}>
            {" / "}
            <button
              type="button"
              className="link"
              onClick={() => go({ path: parts.slice(0, index + 1).join("/"), step: undefined })}
            >
              {part}
            </button>
          </span>
        ))}
        <span className="faint"> · {t("{count} steps", { count: steps.length })}</span>
      </nav>
      <div className="graph">
        <StepGraph key={path} steps={steps} chosen={chosen} onChoose={(step) => go({ step })} onEnter={enter} />
        {open && <StepPanel step={open} onEnter={() => enter(open.name)} onClose={() => go({ step: undefined })} />}
      </div>
    </>
  );
}
