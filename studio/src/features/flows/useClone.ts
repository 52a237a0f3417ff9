import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { json } from "../../api/client";
import { flowPath, type Flow } from "../../api/flows";
import { useScope } from "../../app/workspace";

interface Clone {
  name: string;
  version: number;
  /** The workspace it is made in; this one when it is left out. */
  into?: string;
}

/** Makes a flow of its own of a version, here or in another workspace, and opens it. */
export function useClone(flow: string) {
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ name, version, into = scope }: Clone) => {
      const workspace = into === scope ? undefined : scope;
      return json<Flow>(flowPath(into, name), { method: "PUT", body: { cloneOf: { flow, version, workspace } } });
    },
    onSuccess: async (made, { into = scope }) => {
      await client.invalidateQueries({ queryKey: ["flows", into] });
      // The address that is left says its workspace, so that going back does not lead to the other one's flow.
      if (into !== scope) await navigate({ to: ".", search: (old) => ({ ...old, wsid: scope }), replace: true });
      void navigate({ to: "/flows/$name", params: { name: made.name }, search: { wsid: into } });
    },
  });
}
