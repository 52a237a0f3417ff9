import { MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { flowGraph, type GraphProblem } from "../../../api/flows";
import { useScope } from "../../../app/workspace";
import { useDag } from "../useDag";
import { useDraft } from "../useDraft";

/** What is wrong with the flow: while it is edited as it is read here, once it is saved as the server reads it. */
export function Problems() {
  const { flow, edits, isDirty } = useDraft();
  const dag = useDag();
  const saved = useQuery({ ...flowGraph(useScope(), flow.name, edits.base), enabled: !isDirty });
  const found: GraphProblem[] = isDirty ? (dag?.problems ?? []) : (saved.data?.problems ?? dag?.problems ?? []);
  if (found.length === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <ul className="problems">
          {found.map((each, index) => (
            <li key={index}>
              {[each.node, each.path && each.line ? `${each.path}:${each.line}` : null].filter(Boolean).join(" · ")}{" "}
              {each.message}
            </li>
          ))}
        </ul>
      </MessageBarBody>
    </MessageBar>
  );
}
