import { Button, Textarea } from "@fluentui/react-components";
import { Delete20Regular, Send20Filled } from "@fluentui/react-icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { flowGraph, messageOf } from "../../api/flows";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Waiting } from "../../ui/Waiting";
import { inputsOf } from "./editor/RunBar";
import { TryFields } from "./editor/TryFields";
import { ImagePicker } from "./ImagePicker";
import { LinkToRun } from "./NodeResult";
import { answerOf, historyOf, talkOf, type Said } from "./talking";
import { useDag } from "./useDag";
import { useDraft } from "./useDraft";
import { useTests, useTried } from "./useTests";
import { Value } from "./Value";
import { imageOf } from "./values";

interface Turn extends Said {
  job: string;
}

/** What was said, and what waits for its answer. */
interface Talk {
  turns: Turn[];
  asked: { job: string; question: unknown } | null;
}

/** Talking with a flow as it is edited. What was said is kept in this browser. */
export default function ChatTab() {
  const t = useT();
  const scope = useScope();
  const { flow, edits } = useDraft();
  const dag = useDag();
  const plain = useQuery({ ...flowGraph(scope, flow.name, edits.base), enabled: flow.kind !== "dag" });
  const tests = useTests();
  const key = `smalt.flow.chat:${scope}/${flow.name}`;
  const [{ turns, asked }, setTalk] = useState<Talk>(() => keptTalk(key));
  const [text, setText] = useState("");
  const [image, setImage] = useState<string | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const inputs = dag?.inputs ?? plain.data?.inputs ?? [];
  const chat = talkOf(dag, inputs);
  const { run, line, isOver, error } = useTried(asked?.job);
  const others = inputs.filter(({ name }) => name !== chat?.input && name !== chat?.history);

  const keep = (next: Talk) => {
    setTalk(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // Images fill a browser's place soon; the conversation goes on without being kept.
      localStorage.removeItem(key);
    }
  };

  const send = useMutation({
    mutationFn: async (question: unknown) => {
      if (!chat) return;
      const given = { ...inputsOf(others, tests.values), [chat.input]: question };
      const history = chat.history ? { [chat.history]: historyOf(dag, chat, turns) } : {};
      keep({ turns, asked: { job: await tests.start({ inputs: { ...given, ...history } }), question } });
      setText("");
      setImage(null);
    },
  });

  useEffect(() => {
    if (!asked || !chat || !line?.outputs || line.status !== "Completed") return;
    const turn = { inputs: { [chat.input]: asked.question }, outputs: line.outputs, job: asked.job };
    keep({ turns: [...turns, turn], asked: null });
    // Once for each answer: what was said before is of the moment in which it comes.
  }, [line, chat?.input]);
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [turns.length, asked]);

  if (!chat) return plain.isLoading ? <Waiting /> : <Empty>{t("It asks for nothing that could be said.")}</Empty>;
  const isAnswered = isOver || error !== null;
  const failure = asked && isAnswered ? messageOf(line?.error ?? run?.error) || error?.message : null;
  const isBusy = send.isPending || (asked !== null && !isAnswered);
  const question = () => (image ? [text, imageOf(image)].filter((each) => each !== "") : text);
  const takesImages = inputs.find(({ name }) => name === chat.input)?.type === "list";
  return (
    <div className="talk">
      <div className="talk-turns" role="log" aria-label={t("Conversation")} tabIndex={0}>
        {turns.length === 0 && !asked && (
          <Empty>{t("Ask something. The flow answers as it is edited, saved or not.")}</Empty>
        )}
        {turns.map((turn, index) => (
          <div key={index} className="talk-turn">
            <div className="talk-said mine">
              <Value of={turn.inputs[chat.input]} label={t("Question")} />
            </div>
            <div className="talk-said">
              <Value of={answerOf(chat, turn.outputs)} label={t("Answer")} />
              <LinkToRun flow={flow.name} job={turn.job} />
            </div>
          </div>
        ))}
        {asked && (
          <div className="talk-turn">
            <div className="talk-said mine">
              <Value of={asked.question} label={t("Question")} />
            </div>
            <div className="talk-said">
              {failure ? (
                <>
                  <p className="reason">{failure}</p>
                  <LinkToRun flow={flow.name} job={asked.job} />
                </>
              ) : (
                <span className="faint">…</span>
              )}
            </div>
          </div>
        )}
        <div ref={end} />
      </div>
      <form
        className="talk-form"
        onSubmit={(event) => {
          event.preventDefault();
          // Enter comes here as well; another question would take the place of the one that waits for its answer.
          if (!isBusy && (text.trim() || image)) send.mutate(question());
        }}
      >
        <TryFields inputs={others} />
        {image && <img className="value-image" src={image} alt={t("Image")} />}
        <div className="talk-row">
          <Textarea
            className="talk-text"
            value={text}
            rows={2}
            aria-label={t("Question")}
            placeholder={t("Enter sends, Shift+Enter begins a line")}
            onChange={(_, { value }) => setText(value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
          {takesImages && <ImagePicker onPick={setImage} />}
          <Button
            appearance="primary"
            type="submit"
            icon={<Send20Filled />}
            disabled={isBusy || (!text.trim() && !image)}
          >
            {t("Send")}
          </Button>
          <Button
            icon={<Delete20Regular />}
            disabled={send.isPending || (turns.length === 0 && !asked)}
            onClick={() => keep({ turns: [], asked: null })}
          >
            {t("Begin anew")}
          </Button>
        </div>
      </form>
    </div>
  );
}

function keptTalk(key: string): Talk {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "[]") as Talk | Turn[];
    // Browsers that talked with an earlier studio have kept the answered turns alone.
    return Array.isArray(kept) ? { turns: kept, asked: null } : kept;
  } catch {
    return { turns: [], asked: null };
  }
}
