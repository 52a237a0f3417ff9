import { Button, Tab, TabList } from "@fluentui/react-components";
import { ArrowClockwise16Regular, Eye16Regular, EyeOff16Regular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { json, request } from "../../api/client";
import { onlinePath } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Waiting } from "../../ui/Waiting";
import { Confirm } from "../../ui/Confirm";
import { Copied } from "../../ui/Copied";
import { Copy } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { Section } from "../../ui/Section";
import type { TabProps } from "./EndpointPage";

const Code = lazy(() => import("../../ui/Code"));

interface Keys {
  primaryKey: string;
  secondaryKey: string;
}

type Which = "Primary" | "Secondary";

/** What an application needs to call an endpoint. */
export default function ConsumeTab({ endpoint }: TabProps) {
  const t = useT();
  const { properties } = endpoint;
  return (
    <>
      <Section title={t("Address")}>
        <Facts
          of={[
            ["REST", <Copied key="copied" text={properties.scoringUri} />],
            ["OpenAPI", <Copied key="copied" text={properties.swaggerUri} />],
          ]}
        />
      </Section>
      {properties.authMode === "Key" ? (
        <KeysOf name={endpoint.name} />
      ) : (
        <Section title={t("Token")}>
          <code className="command">smalt online-endpoint get-credentials -n {endpoint.name}</code>
        </Section>
      )}
      <Section title={t("Samples")}>
        <Samples address={properties.scoringUri} />
      </Section>
    </>
  );
}

function KeysOf({ name }: { name: string }) {
  const t = useT();
  const path = onlinePath(useScope(), name);
  const [isAsking, setAsking] = useState<Which | null>(null);
  const keys = useMutation({ mutationFn: () => json<Keys>(`${path}/listKeys`, { method: "POST", body: {} }) });
  const regenerate = useMutation({
    mutationFn: (keyType: Which) => request(`${path}/regenerateKeys`, { method: "POST", body: { keyType } }),
    onSuccess: () => keys.data && keys.mutate(),
  });
  const rows: [Which, string, string | undefined][] = [
    ["Primary", t("First key"), keys.data?.primaryKey],
    ["Secondary", t("Second key"), keys.data?.secondaryKey],
  ];
  return (
    <Section
      title={t("Keys")}
      actions={
        <Button
          size="small"
          icon={keys.data ? <EyeOff16Regular /> : <Eye16Regular />}
          disabled={keys.isPending}
          onClick={() => (keys.data ? keys.reset() : keys.mutate())}
        >
          {keys.data ? t("Hide the keys") : t("Show the keys")}
        </Button>
      }
    >
      <Facts
        of={rows.map(([which, title, key]) => [
          title,
          <span key={which} className="row">
            <code className="wrap">{key ?? "••••••••••••••••"}</code>
            {key && <Copy text={key} />}
            <Button size="small" icon={<ArrowClockwise16Regular />} onClick={() => setAsking(which)}>
              {t("Make another")}
            </Button>
          </span>,
        ])}
      />
      <p className="faint">{t("Whoever looks at the keys is in the audit trail.")}</p>
      {isAsking && (
        <Confirm
          title={t("Make another key?")}
          action={t("Make another")}
          onConfirm={() => regenerate.mutate(isAsking)}
          onClose={() => setAsking(null)}
        >
          {t("Callers with the old one are refused from then on. The other key goes on to open the endpoint.")}
        </Confirm>
      )}
    </Section>
  );
}

const SAMPLES: Record<string, { file: string; text: (address: string) => string }> = {
  curl: {
    file: "call.sh",
    text: (address) =>
      [
        `curl ${address} \\`,
        '  -H "Authorization: Bearer $KEY" \\',
        '  -H "Content-Type: application/json" \\',
        "  -d @request.json",
      ].join("\n"),
  },
  Python: {
    file: "call.py",
    text: (address) =>
      [
        "import json, os, urllib.request",
        "",
        "request = urllib.request.Request(",
        `    ${JSON.stringify(address)},`,
        '    data=open("request.json", "rb").read(),',
        '    headers={"Authorization": f"Bearer {os.environ[\'KEY\']}", "Content-Type": "application/json"},',
        ")",
        "print(json.load(urllib.request.urlopen(request)))",
      ].join("\n"),
  },
  JavaScript: {
    file: "call.mjs",
    text: (address) =>
      [
        'import { readFileSync } from "node:fs";',
        "",
        `const answer = await fetch(${JSON.stringify(address)}, {`,
        '  method: "POST",',
        "  headers: { authorization: `Bearer ${process.env.KEY}`, 'content-type': 'application/json' },",
        '  body: readFileSync("request.json"),',
        "});",
        "console.log(await answer.json());",
      ].join("\n"),
  },
};

function Samples({ address }: { address: string }) {
  const [shown, setShown] = useState("curl");
  const text = SAMPLES[shown].text(address);
  return (
    <>
      <TabList size="small" selectedValue={shown} onTabSelect={(_, { value }) => setShown(String(value))}>
        {Object.keys(SAMPLES).map((name) => (
          <Tab key={name} value={name}>
            {name}
          </Tab>
        ))}
      </TabList>
      <div className="row sample">
        <Suspense fallback={<Waiting />}>
          <Code text={text} name={SAMPLES[shown].file} label={shown} />
        </Suspense>
        <Copy text={text} />
      </div>
    </>
  );
}
