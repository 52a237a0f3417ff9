import { Button, Field, Input, MessageBar, MessageBarBody, MessageBarTitle, Select } from "@fluentui/react-components";
import { Delete20Regular, Key20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../../api/client";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { Copied } from "../../ui/Copied";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";

interface Token {
  id: string;
  name: string;
  createdAt: string;
  expiresAt: string | null;
}

const DAYS = [7, 30, 90, 365];

/** What stands for the signed-in person in scripts and terminals: made here, shown once, ended at will. */
export function TokensPage() {
  const t = useT();
  const client = useQueryClient();
  const found = useQuery(list<Token>("/smalt/me/tokens", "tokens"));
  const end = useMutation({
    mutationFn: (token: Token) => json(`/smalt/me/tokens/${token.id}`, { method: "DELETE" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  return (
    <Page title={t("Your tokens")}>
      <Section title={t("Make a token")}>
        <Make />
      </Section>
      <Section title={t("Tokens and sessions")}>
        <Loaded of={found}>
          {(tokens) => (
            <Table
              label={t("Tokens and sessions")}
              rows={tokens}
              rowKey={({ id }) => id}
              columns={[
                { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
                { key: "made", title: t("Created"), cell: ({ createdAt }) => <When at={createdAt} /> },
                {
                  key: "ends",
                  title: t("Ends"),
                  cell: ({ expiresAt }) => (expiresAt === null ? t("Never") : <When at={expiresAt} />),
                },
                {
                  key: "end",
                  title: <span className="visually-hidden">{t("Actions")}</span>,
                  cell: (token) => (
                    <Button
                      size="small"
                      appearance="subtle"
                      icon={<Delete20Regular />}
                      aria-label={t("End the token {name}", { name: token.name })}
                      onClick={() => end.mutate(token)}
                    />
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}

function Make() {
  const t = useT();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const make = useMutation({
    mutationFn: () =>
      json<{ token: string }>("/smalt/me/tokens", {
        method: "POST",
        body: { name, expiresAt: new Date(Date.now() + Number(days) * 86_400_000).toISOString() },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  return (
    <>
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Field label={t("What it is for")}>
          <Input value={name} onChange={(_, { value }) => setName(value)} autoComplete="off" />
        </Field>
        <Field label={t("Ends after")}>
          <Select value={days} onChange={(_, { value }) => setDays(value)}>
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {t("{count} days", { count })}
              </option>
            ))}
          </Select>
        </Field>
        <Button type="submit" icon={<Key20Regular />} disabled={!name.trim() || make.isPending}>
          {t("Make a token")}
        </Button>
      </form>
      {make.error && <Problem error={make.error} />}
      {make.data && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t("This is shown once.")}</MessageBarTitle>
            {t("In a terminal, this line makes you the caller:")}
            <Copied text={`export SMALT_URL=${window.location.origin} SMALT_TOKEN=${make.data.token}`} />
          </MessageBarBody>
        </MessageBar>
      )}
    </>
  );
}
