import { Button } from "@fluentui/react-components";
import { Play20Filled } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import type { FlowInput } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { Problem } from "../../../ui/Problem";
import { Status } from "../../../ui/Status";
import { duration } from "../../../ui/time";
import { FailureText, LinkToRun } from "../NodeResult";
import { useDag } from "../useDag";
import { useDraft } from "../useDraft";
import { useTests, useTried, type Tests } from "../useTests";
import { Value } from "../Value";
import { valueOf } from "../values";

/** The inputs as they were typed to try the flow; what was left empty is not given, so that defaults count. */
export const inputsOf = (inputs: readonly FlowInput[], values: Tests["values"]): Record<string, unknown> =>
  Object.fromEntries(
    inputs.flatMap(({ name, type }) => {
      const value = values[name] ? valueOf(type, values[name]) : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Runs the whole flow with the inputs below, and says how that went. */
export function RunBar() {
  return <RunWith inputs={useDag()?.inputs ?? []} />;
}

export function RunWith({ inputs }: { inputs: readonly FlowInput[] }) {
  const t = useT();
  const { flow } = useDraft();
  const tests = useTests();
  const start = useMutation({ mutationFn: () => tests.start({ inputs: inputsOf(inputs, tests.values) }) });
  const { run, line, isOver, error } = useTried(tests.whole);
  const isBusy = start.isPending || (tests.whole !== null && !isOver && !error);
  const failure = line?.error ?? run?.error;
  return (
    <div className="run-bar">
      <Button appearance="primary" icon={<Play20Filled />} disabled={isBusy} onClick={() => start.mutate()}>
        {t("Run")}
      </Button>
      <span className="row" aria-live="polite">
        {run && <Status of={line && isOver ? line.status : run.status} />}
        {line?.seconds != null && <span className="faint">{duration(line.seconds, t)}</span>}
        {line?.tokens && <span className="faint">{t("{count} tokens", { count: line.tokens.total })}</span>}
      </span>
      {tests.whole && isOver && <LinkToRun flow={flow.name} job={tests.whole} />}
      {failure && <FailureText of={failure} />}
      {line?.logs && (
        <details>
          <summary>{t("Logs")}</summary>
          <Value of={line.logs} label={t("Logs")} />
        </details>
      )}
      {error && !failure && <Problem error={error} />}
    </div>
  );
}
