import { Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { onlineEndpoints, taken } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Chat, type ChatOptions } from "../endpoints/Chat";

/** Talks with a model or a flow that is deployed, with a word to it beforehand and with parameters. */
export function PlaygroundPage() {
  const t = useT();
  const scope = useScope();
  const { endpoint = "" } = useSearch({ from: "/playground" });
  const navigate = useNavigate({ from: "/playground" });
  const found = useQuery(onlineEndpoints(scope));
  const [system, setSystem] = useState("");
  const [values, setValues] = useState({ temperature: "1", top_p: "1", max_tokens: "256" });
  const known = useQuery({ ...taken(scope, endpoint, ""), enabled: endpoint !== "" });
  const options: ChatOptions = { system: system.trim(), parameters: numbers(values) };
  return (
    <Page title={t("Playground")}>
      <Loaded of={found}>
        {(endpoints) =>
          endpoints.length === 0 ? (
            <Empty>{t("Nothing answers here yet.")}</Empty>
          ) : (
            <div className="cards">
              <Section title={t("Settings")}>
                <div className="form">
                  <Field label={t("Endpoint")}>
                    <Select
                      value={endpoint}
                      onChange={(_, { value }) =>
                        void navigate({ search: (old) => ({ ...old, endpoint: value || undefined }) })
                      }
                    >
                      <option value="" />
                      {endpoints.map(({ name }) => (
                        <option key={name}>{name}</option>
                      ))}
                    </Select>
                  </Field>
                  <Field label={t("System message")}>
                    <Textarea rows={4} value={system} onChange={(_, { value }) => setSystem(value)} />
                  </Field>
                  {(Object.keys(values) as (keyof typeof values)[]).map((name) => (
                    <Field key={name} label={name}>
                      <Input
                        inputMode="decimal"
                        value={values[name]}
                        onChange={(_, { value }) => setValues((old) => ({ ...old, [name]: value }))}
                      />
                    </Field>
                  ))}
                </div>
              </Section>
              <Section title={t("Chat")}>
                {endpoint === "" ? (
                  <Empty>{t("Choose an endpoint.")}</Empty>
                ) : known.data?.isKnown && !known.data.isChat ? (
                  <Empty>{t("This endpoint cannot be talked with.")}</Empty>
                ) : (
                  <Chat key={endpoint} endpoint={endpoint} deployment="" options={options} />
                )}
              </Section>
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function numbers(values: Record<string, string>): Record<string, number> {
  const found = Object.entries(values).map(([name, text]) => [name, Number(text)] as const);
  return Object.fromEntries(found.filter(([name, value]) => values[name].trim() !== "" && Number.isFinite(value)));
}
