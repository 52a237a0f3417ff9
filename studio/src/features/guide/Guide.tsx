import { Button, Spinner } from "@fluentui/react-components";
import { CheckmarkCircle20Filled, Dismiss20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { endpointKey, onlineEndpoints } from "../../api/endpoints";
import { assets } from "../../api/queries";
import { ENDED } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Section } from "../../ui/Section";
import { Status } from "../../ui/Status";
import { CHAT, ENDPOINT, MODEL, serveChat, serveModel, trainings, trainModel } from "./example";

const KEY = "smalt.guide.";

/** Three steps through an empty workspace: train, deploy, talk. It goes once it is told to, or was never begun. */
export function Guide({ isNew }: { isNew: boolean }) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [isClosed, setClosed] = useState(() => localStorage.getItem(KEY + scope) === "closed");
  const training = useQuery(trainings(scope)).data?.[0];
  const models = useQuery(assets(scope, "models"));
  const endpoints = useQuery(onlineEndpoints(scope));
  const isThere = (name: string) => (endpoints.data ?? []).some((each) => each.name === name);
  const hasModel = (models.data ?? []).some(({ name }) => name === MODEL);
  const seen = () => client.invalidateQueries({ queryKey: endpointKey(scope) });
  const train = useMutation({
    mutationFn: () => trainModel(scope),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs", scope, ""] }),
  });
  const open = (name: string) =>
    void navigate({ to: "/endpoints/online/$name", params: { name }, search: { tab: "test" } });
  const serve = useMutation({ mutationFn: () => serveModel(scope, !isThere(ENDPOINT)), onSettled: seen });
  const chat = useMutation({
    mutationFn: () => serveChat(scope, !isThere(CHAT)),
    onSettled: seen,
    onSuccess: () => open(CHAT),
  });
  if (isClosed || (!isNew && !training) || endpoints.isPending) return null;
  const isTraining = training !== undefined && !ENDED.has(training.properties.status);
  return (
    <Section
      title={t("First steps")}
      actions={
        <Button
          size="small"
          appearance="subtle"
          icon={<Dismiss20Regular />}
          aria-label={t("Close the first steps")}
          title={t("Close the first steps")}
          onClick={() => {
            localStorage.setItem(KEY + scope, "closed");
            setClosed(true);
          }}
        />
      }
    >
      <ol className="guide">
        <Step
          title={t("Train a model")}
          text={t(
            "A job learns from 569 biopsies, logs its metrics and registers a model. Its environment is built once.",
          )}
          isDone={hasModel}
        >
          {training && (
            <>
              <Link to="/jobs/$name" params={{ name: training.name }}>
                {training.properties.displayName}
              </Link>
              <Status of={training.properties.status} />
            </>
          )}
          <Act
            title={t("Train")}
            isPrimary={!hasModel}
            isPending={train.isPending}
            isDisabled={isTraining}
            onClick={() => train.mutate()}
          />
        </Step>
        <Step
          title={t("Deploy it")}
          text={t("The model answers at an address of its own, without code.")}
          isDone={isThere(ENDPOINT)}
        >
          {isThere(ENDPOINT) ? (
            <Button onClick={() => open(ENDPOINT)}>{t("Try it")}</Button>
          ) : (
            <Act
              title={t("Deploy")}
              isPrimary={hasModel}
              isPending={serve.isPending}
              isDisabled={!hasModel}
              onClick={() => serve.mutate()}
            />
          )}
        </Step>
        <Step
          title={t("Talk with a flow")}
          text={t("A chat flow with a model that needs no key is deployed, and its chat opens.")}
          isDone={isThere(CHAT)}
        >
          {isThere(CHAT) ? (
            <Button onClick={() => open(CHAT)}>{t("Chat")}</Button>
          ) : (
            <Act
              title={t("Chat")}
              isPrimary={isThere(ENDPOINT)}
              isPending={chat.isPending}
              onClick={() => chat.mutate()}
            />
          )}
        </Step>
      </ol>
    </Section>
  );
}

function Step({
  title,
  text,
  isDone,
  children,
}: {
  title: string;
  text: string;
  isDone: boolean;
  children: ReactNode;
}) {
  return (
    <li className="guide-step">
      <h3>
        {title} {isDone && <CheckmarkCircle20Filled className="good" aria-hidden />}
      </h3>
      <p className="faint">{text}</p>
      <div className="guide-actions">{children}</div>
    </li>
  );
}

interface ActProps {
  title: string;
  isPrimary: boolean;
  isPending: boolean;
  isDisabled?: boolean;
  onClick: () => void;
}

function Act({ title, isPrimary, isPending, isDisabled = false, onClick }: ActProps) {
  return (
    <Button
      appearance={isPrimary ? "primary" : "secondary"}
      disabled={isPending || isDisabled}
      icon={isPending ? <Spinner size="tiny" /> : undefined}
      onClick={onClick}
    >
      {title}
    </Button>
  );
}
