import { Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { authOf, CATEGORIES, credentialsOf, hasUser } from "./credentials";
import { Form } from "./Form";

/** A service outside, with what opens it. Secrets go to the server and are never shown again here. */
export default function ConnectionForm() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [category, setCategory] = useState("AzureOpenAI");
  const [target, setTarget] = useState("");
  const [secret, setSecret] = useState("");
  const [user, setUser] = useState("");
  const [apiVersion, setApiVersion] = useState("");
  const create = useMutation({
    mutationFn: () =>
      request(`${scope}/connections/${encodeURIComponent(name)}`, {
        method: "PUT",
        body: {
          properties: {
            category,
            target: target || undefined,
            metadata: apiVersion ? { ApiVersion: apiVersion } : undefined,
            ...opened(category, secret, user),
          },
        },
      }),
    onSuccess: async () => {
      setSecret("");
      await client.invalidateQueries({ queryKey: ["connections"] });
      void navigate({ to: "/connections" });
    },
  });
  return (
    <Form onSubmit={() => create.mutate()} isPending={create.isPending} isReady={!!name.trim()} error={create.error}>
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Type")}>
        <Select value={category} onChange={(_, { value }) => setCategory(value)}>
          {CATEGORIES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Field label={t("Address")}>
        <Input value={target} placeholder="https://…" onChange={(_, { value }) => setTarget(value)} />
      </Field>
      {category === "AzureOpenAI" && (
        <Field label={t("Version of the interface")}>
          <Input value={apiVersion} placeholder="2024-10-21" onChange={(_, { value }) => setApiVersion(value)} />
        </Field>
      )}
      {hasUser(authOf(category) ?? "") && (
        <Field label={t("User")}>
          <Input value={user} autoComplete="off" onChange={(_, { value }) => setUser(value)} />
        </Field>
      )}
      <Field label={t("Secret")} hint={category === "CustomKeys" ? t("As key=value") : undefined}>
        <Input type="password" value={secret} autoComplete="off" onChange={(_, { value }) => setSecret(value)} />
      </Field>
    </Form>
  );
}

function opened(category: string, secret: string, user: string): object {
  const authType = authOf(category);
  if (!secret || !authType) return { authType: "None" };
  const named = hasUser(authType) ? { username: user } : {};
  return { authType, credentials: { ...named, ...credentialsOf(authType, secret) } };
}
