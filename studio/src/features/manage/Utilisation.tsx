import { ProgressBar } from "@fluentui/react-components";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { json } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { bytes } from "../../ui/number";

interface Machine {
  cores: number;
  /** Processes that have run or waited for a core, over the last minute. */
  load: number;
  memoryBytes: { total: number; available: number | null };
  /** Of all workspaces, with steps and trials. */
  jobs: { running: number; waiting: number; atOnce: number };
}

/** A look at the machine costs nothing, and nobody is told when it gets busy; a page in the background does not ask. */
const EVERY_MS = 10_000;

// Jobs that begin and end are heard of at once: it stands among their questions.
const machineQuery = (scope: string) =>
  queryOptions({
    queryKey: ["jobs", scope, "", "machine"],
    queryFn: ({ signal }) => json<Machine>(`${scope}/smalt/machine`, { signal }),
    refetchInterval: EVERY_MS,
  });

/** How busy the machine of the server is, where jobs run whose compute is no cluster of its own. */
export function Utilisation() {
  const t = useT();
  const { data } = useQuery(machineQuery(useScope()));
  if (!data) return null;
  const { cores, load, memoryBytes: memory, jobs } = data;
  const taken = memory.available === null ? null : memory.total - memory.available;
  return (
    <section className="utilisation" aria-label={t("Utilisation of this machine")}>
      <Bar title={t("Processor")} of={load / cores}>
        {t("load {load}, {count} cores", { load: load.toFixed(1), count: cores })}
      </Bar>
      {taken !== null && (
        <Bar title={t("Memory")} of={taken / memory.total}>
          {t("{part} of {whole}", { part: bytes(taken), whole: bytes(memory.total) })}
        </Bar>
      )}
      <Bar title={t("Places for jobs")} of={jobs.running / jobs.atOnce}>
        {t("{part} of {whole}, {count} waiting", { part: jobs.running, whole: jobs.atOnce, count: jobs.waiting })}
      </Bar>
    </section>
  );
}

function Bar({ title, of, children }: { title: string; of: number; children: string }) {
  return (
    <div>
      <span>{title}</span>
      <span className="faint">{children}</span>
      <ProgressBar
        value={Math.min(of, 1)}
        thickness="large"
        color={of >= 0.9 ? "warning" : "brand"}
        aria-label={`${title}: ${children}`}
      />
    </div>
  );
}
