import { Badge, Input } from "@fluentui/react-components";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../../api/client";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { Table } from "../../ui/Table";

interface Build {
  state: "Built" | "NotBuilt" | "Refused";
  reason?: string;
  python?: string;
  image?: string | null;
  packages: { name: string; version: string }[];
  notes: string[];
}

const STATES: Record<Build["state"], Message> = {
  Built: "Built on this machine",
  NotBuilt: "Not built on this machine yet",
  Refused: "Refused on this machine",
};

const build = (scope: string, name: string, version: string) =>
  queryOptions({
    queryKey: ["environments", scope, name, "build", version],
    queryFn: ({ signal }) =>
      json<Build>(`${scope}/environments/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}/build`, {
        signal,
      }),
  });

/** What an environment comes to on the machine of the server. */
export default function Packages({ name, version }: { name: string; version: string }) {
  const t = useT();
  const found = useQuery(build(useScope(), name, version));
  return (
    <Loaded of={found}>
      {(made) => (
        <>
          <Facts
            of={[
              [
                t("Build state"),
                <Badge
                  key="state"
                  appearance="tint"
                  color={made.state === "Built" ? "success" : made.state === "Refused" ? "danger" : "informative"}
                >
                  {t(STATES[made.state])}
                </Badge>,
              ],
              [t("Reason"), made.reason],
              ["Python", made.python],
              [t("Image"), made.image && <code className="wrap">{made.image}</code>],
              ...made.notes.map((note, index): [string, string] => [
                index === 0 ? t("Notes") : " ".repeat(index),
                note,
              ]),
            ]}
          />
          {made.packages.length > 0 ? (
            <Listed packages={made.packages} />
          ) : made.state === "Refused" ? null : (
            <Empty>
              {made.state === "NotBuilt"
                ? t("It is built when a job needs it first.")
                : t("An image of a container holds its packages.")}
            </Empty>
          )}
        </>
      )}
    </Loaded>
  );
}

function Listed({ packages }: { packages: Build["packages"] }) {
  const t = useT();
  const [text, setText] = useState("");
  const rows = packages.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      <div className="filters">
        <Input
          type="search"
          value={text}
          aria-label={t("Name")}
          placeholder={t("Name")}
          onChange={(_, { value }) => setText(value)}
        />
        <span className="faint">{t("{count} packages", { count: packages.length })}</span>
      </div>
      <Table
        label={t("Packages")}
        rows={rows}
        rowKey={({ name }) => name}
        columns={[
          { key: "name", title: t("Name"), cell: ({ name }) => name },
          { key: "version", title: t("Version"), cell: ({ version }) => <code>{version}</code> },
        ]}
      />
    </>
  );
}
