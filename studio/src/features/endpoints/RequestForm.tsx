import { Button, MessageBar, MessageBarBody, MessageBarTitle, Switch } from "@fluentui/react-components";
import { Send20Regular, Stop20Regular } from "@fluentui/react-icons";
import { lazy, Suspense, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { ask, eventsOf } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Section } from "../../ui/Section";
import { Waiting } from "../../ui/Waiting";

const Code = lazy(() => import("../../ui/Code"));

interface Props {
  endpoint: string;
  deployment: string;
  example: unknown;
  mayStream: boolean;
}

interface Outcome {
  text: string;
  isJson: boolean;
  status: number;
  by: string;
  milliseconds: number;
}

/** A request as JSON, and what came back, as it comes. */
export function RequestForm({ endpoint, deployment, example, mayStream }: Props) {
  const t = useT();
  const scope = useScope();
  const [text, setText] = useState(() => JSON.stringify(example ?? {}, null, 2));
  const [streams, setStreams] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const ending = useRef<AbortController | null>(null);

  const send = async () => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (error) {
      setProblem(t("The request is no JSON: {reason}", { reason: String(error) }));
      return;
    }
    setProblem(null);
    setAsking(true);
    ending.current = new AbortController();
    const began = performance.now();
    try {
      const call = { body, deployment, signal: ending.current.signal };
      const answer = await ask(scope, endpoint, "score", streams ? { ...call, accept: "text/event-stream" } : call);
      const by = answer.headers.get("azureml-model-deployment") ?? "";
      const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
      const show = (shown: string, isJson: boolean) =>
        setOutcome({ text: shown, isJson, status: answer.status, by, milliseconds: performance.now() - began });
      if (isStream) {
        const events: string[] = [];
        for await (const event of eventsOf(answer)) {
          events.push(event);
          show(events.join("\n"), false);
        }
      } else {
        const found = await answer.text();
        show(pretty(found), true);
      }
    } catch (error) {
      if (error instanceof ApiError) {
        setOutcome(null);
        setProblem(`${error.status}: ${error.message}`);
      } else if (!ending.current.signal.aborted) setProblem(String(error));
    } finally {
      setAsking(false);
    }
  };
  return (
    <div className="columns trial">
      <Section title={t("Request")}>
        <Suspense fallback={<Waiting />}>
          <Code text={text} name="request.json" label={t("Request")} onChange={setText} />
        </Suspense>
        <div className="row trial-actions">
          <Button appearance="primary" icon={<Send20Regular />} disabled={isAsking} onClick={() => void send()}>
            {t("Send")}
          </Button>
          {isAsking && (
            <Button icon={<Stop20Regular />} onClick={() => ending.current?.abort()}>
              {t("Stop")}
            </Button>
          )}
          {mayStream && (
            <Switch
              label={t("Show the answer while it is made")}
              checked={streams}
              onChange={(_, { checked }) => setStreams(checked)}
            />
          )}
        </div>
      </Section>
      <Section title={t("Answer")}>
        <div aria-live="polite">
          {problem && (
            <MessageBar intent="error" layout="multiline" className="problem">
              <MessageBarBody>
                <MessageBarTitle>{t("No answer")}</MessageBarTitle>
                <span className="wrap">{problem}</span>
              </MessageBarBody>
            </MessageBar>
          )}
          {outcome && (
            <p className="faint">
              {t("{status} by {deployment} in {milliseconds} ms", {
                status: outcome.status,
                deployment: outcome.by || endpoint,
                milliseconds: Math.round(outcome.milliseconds),
              })}
            </p>
          )}
        </div>
        {outcome && !problem && (
          <Suspense fallback={<Waiting />}>
            <Code text={outcome.text} name={outcome.isJson ? "answer.json" : "answer.txt"} label={t("Answer")} />
          </Suspense>
        )}
      </Section>
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
