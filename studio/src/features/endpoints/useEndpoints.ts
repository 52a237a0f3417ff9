import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request, type Call } from "../../api/client";
import { endpointKey } from "../../api/endpoints";
import { useScope } from "../../app/workspace";

interface Change extends Call {
  path: string;
}

/** Writes to endpoints; what is shown of them is asked for again. Failures are told where everything is told. */
export function useChange(done?: () => void) {
  const scope = useScope();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ path, ...call }: Change) => request(path, call),
    onSuccess: done,
    onSettled: () => client.invalidateQueries({ queryKey: endpointKey(scope) }),
  });
}
