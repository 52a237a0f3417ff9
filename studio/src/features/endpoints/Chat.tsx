import { Button, Textarea } from "@fluentui/react-components";
import { Delete20Regular, Send20Regular, Stop20Regular } from "@fluentui/react-icons";
import { useEffect, useRef, useState } from "react";
import { ask, eventsOf } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";

interface Turn {
  role: "user" | "assistant";
  content: string;
  /** Whether it says why there was no answer. */
  isProblem?: boolean;
}

/** What is said to a model beforehand, and how it is to answer. */
export interface ChatOptions {
  system: string;
  parameters: Record<string, number>;
}

interface Props {
  endpoint: string;
  deployment: string;
  options?: ChatOptions;
}

/** Talks with a chat flow or a model; answers appear while they are made. */
export function Chat({ endpoint, deployment, options }: Props) {
  const t = useT();
  const scope = useScope();
  const [turns, setTurns] = useState<Turn[]>([]);
  const [text, setText] = useState("");
  const [isAsking, setAsking] = useState(false);
  const ending = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [turns]);
  useEffect(() => () => ending.current?.abort(), []);

  const send = async () => {
    const question = text.trim();
    if (!question || isAsking) return;
    const asked: Turn[] = [...turns, { role: "user", content: question }];
    setText("");
    setTurns([...asked, { role: "assistant", content: "" }]);
    setAsking(true);
    ending.current = new AbortController();
    const said = (content: string, isProblem = false) =>
      setTurns([...asked, { role: "assistant", content, isProblem }]);
    let whole = "";
    try {
      const messages = asked.filter(({ isProblem }) => !isProblem).map(({ role, content }) => ({ role, content }));
      const before = options?.system ? [{ role: "system", content: options.system }] : [];
      const body = { model: endpoint, messages: [...before, ...messages], stream: true, ...options?.parameters };
      const call = { body, deployment, accept: "text/event-stream", signal: ending.current.signal };
      for await (const event of eventsOf(await ask(scope, endpoint, "v1/chat/completions", call))) {
        if (event === "[DONE]") break;
        const piece = pieceOf(event);
        if (piece.problem) throw new Error(piece.problem);
        whole += piece.text;
        said(whole);
      }
    } catch (error) {
      if (!ending.current.signal.aborted) said(error instanceof Error ? error.message : String(error), true);
    } finally {
      setAsking(false);
    }
  };
  return (
    <div className="chat">
      <div className="chat-turns" role="log" aria-label={t("Chat")} tabIndex={0}>
        {turns.length === 0 && <p className="empty">{t("Say something to begin.")}</p>}
        {turns.map((turn, index) => (
          <div key={index} className={`turn ${turn.role}`}>
            <span className="visually-hidden">{turn.role === "user" ? t("You") : t("The endpoint")}</span>
            <p className={turn.isProblem ? "bad" : undefined}>{turn.content || "…"}</p>
          </div>
        ))}
        <div ref={end} />
      </div>
      <form
        className="chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Textarea
          className="grow"
          rows={2}
          value={text}
          aria-label={t("Message")}
          placeholder={t("Message")}
          onChange={(_, { value }) => setText(value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              void send();
            }
          }}
        />
        {isAsking ? (
          <Button icon={<Stop20Regular />} onClick={() => ending.current?.abort()}>
            {t("Stop")}
          </Button>
        ) : (
          <Button type="submit" appearance="primary" icon={<Send20Regular />} disabled={!text.trim()}>
            {t("Send")}
          </Button>
        )}
        <Button
          appearance="subtle"
          icon={<Delete20Regular />}
          aria-label={t("Begin anew")}
          title={t("Begin anew")}
          disabled={turns.length === 0 || isAsking}
          onClick={() => setTurns([])}
        />
      </form>
    </div>
  );
}

interface Chunk {
  choices?: { delta?: { content?: string } }[];
  error?: { message?: string };
}

function pieceOf(event: string): { text: string; problem?: string } {
  const chunk = JSON.parse(event) as Chunk;
  return { text: chunk.choices?.[0]?.delta?.content ?? "", problem: chunk.error?.message };
}
