import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { serverlessEndpoints, serverlessPath } from "../../api/catalog";
import { request } from "../../api/client";
import { endpointKey } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Section } from "../../ui/Section";
import { Form } from "../create/Form";
import type { CardProps } from "./ModelPage";

/** Puts a model behind an address: without anything to look after, or as a deployment of one's own. */
export default function DeployTab({ card }: CardProps) {
  const t = useT();
  const navigate = useNavigate();
  const { properties } = card;
  const [, version] = /\/models\/[^/]+\/versions\/([^/]+)$/.exec(properties.model ?? "") ?? [];
  if (!properties.model && !properties.connection) {
    return <Empty>{t("Bring the model in first: its weights are not here.")}</Empty>;
  }
  return (
    <>
      {properties.deployments.includes("serverless") && <Serverless card={card} />}
      {properties.deployments.includes("managed-compute") && version && (
        <Section title={t("A deployment of its own")}>
          <p className="faint">{t("With a number of instances, timeouts and traffic that you choose.")}</p>
          <Button
            onClick={() => void navigate({ to: "/deploy", search: { kind: "online", model: card.name, version } })}
          >
            {t("Deploy")}
          </Button>
        </Section>
      )}
    </>
  );
}

function Serverless({ card }: CardProps) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const first = card.name.replace(/[^A-Za-z0-9-]+/g, "-").replace(/^[^A-Za-z]+|-+$/g, "");
  const [name, setName] = useState(first.slice(0, 32).replace(/-+$/, ""));
  const there = useQuery(serverlessEndpoints(scope));
  const own = (there.data ?? []).filter(({ properties }) =>
    properties.modelSettings.modelId.toLowerCase().endsWith(card.name.toLowerCase()),
  );
  const create = useMutation({
    mutationFn: () =>
      request(serverlessPath(scope, name), {
        method: "PUT",
        body: { properties: { authMode: "Key", modelSettings: { modelId: card.name } } },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: endpointKey(scope) });
      void navigate({ to: "/endpoints", search: { kind: "serverless" } });
    },
  });
  return (
    <Section title={t("Serverless")}>
      <p className="faint">
        {t("Opened by a key, within quotas, asleep while nobody asks. One endpoint for the whole workspace is enough.")}
      </p>
      {own.map(({ name: each }) => (
        <p key={each}>
          <Link to="/playground" search={{ endpoint: each }}>
            {t("Talk with {name}", { name: each })}
          </Link>
        </p>
      ))}
      <Form
        onSubmit={() => create.mutate()}
        isPending={create.isPending}
        isReady={/^[A-Za-z]([-A-Za-z0-9]{0,30}[A-Za-z0-9])?$/.test(name)}
        error={create.error}
      >
        <Field label={t("Name of the endpoint")} required>
          <Input value={name} onChange={(_, { value }) => setName(value)} />
        </Field>
      </Form>
    </Section>
  );
}
