import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { logFiles } from "../../api/queries";
import { hear } from "../../api/stream";
import { useScope } from "../../app/workspace";

/** The logs of a job with their addresses; how long each is, as the server tells it while the job is not over. */
export function useLogs(name: string, isOver: boolean) {
  const scope = useScope();
  const client = useQueryClient();
  const { queryKey } = logFiles(scope, name);
  const found = useQuery(logFiles(scope, name));
  const [sizes, setSizes] = useState<Record<string, number>>({});
  useEffect(() => {
    if (isOver) return undefined;
    return hear<Record<string, number>>(`${scope}/jobs/${encodeURIComponent(name)}/logs`, setSizes);
  }, [scope, name, isOver]);
  const known = found.data;
  useEffect(() => {
    if (known && Object.keys(sizes).some((each) => !(each in known))) void client.invalidateQueries({ queryKey });
  }, [client, known, sizes]);
  return { found, sizes };
}
