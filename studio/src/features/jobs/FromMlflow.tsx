import { useQuery } from "@tanstack/react-query";
import { Navigate, useSearch } from "@tanstack/react-router";
import { experiment } from "../../api/queries";
import { useWorkspace } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";

/** Where the links lead that the client of MLflow prints: `#/experiments/7/runs/abc`, behind the tracking address. */
export function FromMlflowPage() {
  const { all, workspace } = useWorkspace();
  const { workspace: name } = useSearch({ from: "/mlflow" });
  const wsid = (all.find((each) => each.name === name) ?? workspace).id;
  const { experiment: id, run, model, version } = placeOf(window.location.hash);
  if (run) return <Navigate to="/jobs/$name" params={{ name: run }} search={{ wsid }} replace />;
  if (model) {
    const params = { kind: "models", name: model };
    return <Navigate to="/assets/$kind/$name" params={params} search={{ wsid, version }} replace />;
  }
  if (id) return <OfExperiment scope={wsid} id={id} />;
  return <Navigate to="/jobs" search={{ wsid }} replace />;
}

function OfExperiment({ scope, id }: { scope: string; id: string }) {
  const found = useQuery(experiment(scope, id));
  return (
    <Loaded of={found}>
      {({ name }) => <Navigate to="/jobs" search={{ wsid: scope, experiment: name }} replace />}
    </Loaded>
  );
}

function placeOf(hash: string) {
  const path = (hash.slice(1).split("?")[0] ?? "").split("/").map(decodeURIComponent);
  const after = (word: string) => (path.includes(word) ? path[path.indexOf(word) + 1] : undefined);
  return { experiment: after("experiments"), run: after("runs"), model: after("models"), version: after("versions") };
}
