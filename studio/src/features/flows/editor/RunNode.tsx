import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Spinner,
  Textarea,
} from "@fluentui/react-components";
import { Play16Filled, PlaySettings20Regular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "../../../app/i18n";
import { useFocusBack } from "../../../ui/useFocusBack";
import { referencesOf, referred, type DagNode } from "../dag";
import { FailureText } from "../NodeResult";
import { useDag } from "../useDag";
import { useTests, useTried } from "../useTests";
import { isOfText, textOfValue, valueOf } from "../values";

interface Need {
  /** As the server takes it: `inputs.question`, `node.output`. */
  key: string;
  type: string;
  text: string;
}

/** Runs one node alone. What it refers to comes from the last run where that has it; the rest is asked for. */
export function RunNode({ node }: { node: DagNode }) {
  const t = useT();
  const tests = useTests();
  const needs = useNeeds(node);
  const [isAsking, setAsking] = useState(false);
  const [texts, setTexts] = useState<Record<string, string>>({});
  const job = tests.nodes[node.name];
  const { run, line, isOver, error } = useTried(job);
  const start = useMutation({
    mutationFn: (given: Record<string, string>) =>
      tests.start({
        inputs: {},
        node: node.name,
        nodeInputs: Object.fromEntries(needs.map(({ key, type, text }) => [key, valueOf(type, given[key] ?? text)])),
      }),
  });
  const isBusy = start.isPending || (job !== undefined && !isOver && !error);
  const isComplete = needs.every(({ text }) => text !== "");
  const failure = isOver && !line?.nodes.some((each) => each.node === node.name) ? (line?.error ?? run?.error) : null;
  return (
    <>
      {failure && <FailureText of={failure} />}
      <Button
        size="small"
        icon={isBusy ? <Spinner size="extra-tiny" /> : <Play16Filled />}
        disabled={isBusy}
        aria-label={t("Run {name}", { name: node.name })}
        title={t("Run {name}", { name: node.name })}
        onClick={() => (isComplete ? start.mutate({}) : setAsking(true))}
      />
      {isComplete && needs.length > 0 && (
        <Button
          size="small"
          appearance="subtle"
          icon={<PlaySettings20Regular />}
          disabled={isBusy}
          aria-label={t("Run {name} with other values", { name: node.name })}
          title={t("Run {name} with other values", { name: node.name })}
          onClick={() => setAsking(true)}
        />
      )}
      {isAsking && (
        <AskValues
          name={node.name}
          needs={needs}
          texts={texts}
          onText={(key, text) => setTexts((old) => ({ ...old, [key]: text }))}
          onRun={() => start.mutate(texts)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

interface AskProps {
  name: string;
  needs: readonly Need[];
  texts: Record<string, string>;
  onText: (key: string, text: string) => void;
  onRun: () => void;
  onClose: () => void;
}

function AskValues({ name, needs, texts, onText, onRun, onClose }: AskProps) {
  const t = useT();
  useFocusBack();
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onRun();
            onClose();
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Run {name} with", { name })}</DialogTitle>
            <DialogContent className="form">
              {needs.map(({ key, type, text }) => (
                <Field key={key} label={key} hint={isOfText(type) ? undefined : type}>
                  <Textarea rows={2} value={texts[key] ?? text} onChange={(_, { value }) => onText(key, value)} />
                </Field>
              ))}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>{t("Leave it")}</Button>
              <Button type="submit" appearance="primary">
                {t("Run")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

/** What a node refers to, with what is known of it. */
function useNeeds(node: DagNode): Need[] {
  const dag = useDag();
  const { values, outputOf } = useTests();
  const needs = new Map<string, Need>();
  for (const [, reference] of referencesOf(node)) {
    const at = referred(reference);
    if (at?.input !== undefined) {
      const input = dag?.inputs.find(({ name }) => name === at.input);
      const given = values[at.input] || textOfValue(input?.default);
      needs.set(`inputs.${at.input}`, { key: `inputs.${at.input}`, type: input?.type ?? "string", text: given });
    } else if (at?.node !== undefined) {
      const output = outputOf(at.node);
      // Once over all lines means a list of them: here of the one that was tried.
      const other = dag?.nodes.find(({ name }) => name === at.node);
      const isListed = node.aggregation && other?.aggregation === false && output !== undefined;
      const text = textOfValue(isListed ? [output] : output);
      needs.set(`${at.node}.output`, { key: `${at.node}.output`, type: typeOf(isListed ? [] : output), text });
    }
  }
  return [...needs.values()];
}

const typeOf = (value: unknown): string => (typeof value === "string" ? "string" : "object");
