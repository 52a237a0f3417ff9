import { Field } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { json } from "../../api/client";
import { flowPath, type Flow } from "../../api/flows";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Facts } from "../../ui/Facts";
import { Section } from "../../ui/Section";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { Committed } from "./Committed";
import { useDraft } from "./useDraft";
import { termOf } from "../../ui/terms";

/** What is said of the flow, besides its files. */
export default function DetailsTab() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const { flow } = useDraft();
  const change = useMutation({
    mutationFn: (body: Partial<Pick<Flow, "displayName" | "description" | "tags">>) =>
      json<Flow>(flowPath(scope, flow.name), { method: "PATCH", body }),
    onSettled: () => client.invalidateQueries({ queryKey: ["flows", scope] }),
  });
  const retag = (changes: Record<string, string | null>) => {
    const all = Object.entries({ ...flow.tags, ...changes });
    change.mutate({ tags: Object.fromEntries(all.flatMap(([key, value]) => (value === null ? [] : [[key, value]]))) });
  };
  return (
    <div className="columns">
      <div className="form">
        <Field label={t("Display name")}>
          <Committed
            size="medium"
            value={flow.displayName ?? ""}
            onCommit={(displayName) => change.mutate({ displayName })}
          />
        </Field>
        <Field label={t("Description")}>
          <Committed
            size="medium"
            value={flow.description ?? ""}
            onCommit={(description) => change.mutate({ description })}
          />
        </Field>
        <Section title={t("Tags")}>
          <Tags tags={flow.tags} onChange={retag} />
        </Section>
      </div>
      <Section title={t("Properties")}>
        <Facts
          of={[
            [t("Name"), <code key="name">{flow.name}</code>],
            [t("Form"), termOf(flow.kind, t)],
            [t("File"), flow.entryFile],
            [t("Version"), flow.latestVersion],
            [t("Cloned from"), flow.clonedFrom && <Origin key="origin" of={flow.clonedFrom} />],
            [t("Created"), <When key="created" at={flow.createdAt} />],
            [t("Created by"), flow.createdBy],
            [t("Changed"), <When key="changed" at={flow.updatedAt} />],
            [t("Changed by"), flow.updatedBy],
          ]}
        />
      </Section>
    </div>
  );
}

function Origin({ of }: { of: NonNullable<Flow["clonedFrom"]> }) {
  const scope = useScope();
  const text = `${of.flow}:${of.version}`;
  if (of.workspace.toLowerCase() !== scope.toLowerCase())
    return <code className="wrap">{`${of.workspace} ${text}`}</code>;
  return (
    <Link to="/flows/$name" params={{ name: of.flow }}>
      {text}
    </Link>
  );
}
