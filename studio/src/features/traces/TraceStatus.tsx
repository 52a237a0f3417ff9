import { Status } from "../../ui/Status";
import type { Trace } from "./traces";

const WORDS = { OK: "Completed", ERROR: "Failed", IN_PROGRESS: "Running" } as const;

export function TraceStatus({ of }: { of: Trace["status"] }) {
  return <Status of={WORDS[of]} />;
}
