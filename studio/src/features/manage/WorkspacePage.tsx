import { Button, Field, Input, Textarea } from "@fluentui/react-components";
import { ArrowDownload20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { json } from "../../api/client";
import type { Workspace } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Copied } from "../../ui/Copied";
import { Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { Waiting } from "../../ui/Waiting";
import { datastores } from "../datastores/datastores";
import { Form } from "../create/Form";

const Code = lazy(() => import("../../ui/Code"));

type Whole = Omit<Workspace, "properties"> & {
  location: string;
  tags?: Record<string, string>;
  systemData?: { createdAt?: string; createdBy?: string };
  properties: Record<string, unknown> & {
    friendlyName?: string;
    description?: string;
    workspaceId: string;
    mlFlowTrackingUri: string;
    discoveryUrl: string;
  };
};

/** What is said of the workspace, and what programs need to find it. */
export function WorkspacePage() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ["workspace", scope],
    queryFn: ({ signal }) => json<Whole>(scope, { signal }),
  });
  const change = useMutation({
    mutationFn: (body: object) => json<Whole>(scope, { method: "PATCH", body }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["workspace", scope] }),
        client.invalidateQueries({ queryKey: ["workspaces"] }),
      ]),
  });
  return (
    <Page title={t("Workspace settings")} actions={<Configuration scope={scope} />}>
      <Loaded of={found}>
        {(workspace) => (
          <>
            <div className="columns">
              <Section title={t("Properties")}>
                <Known workspace={workspace} />
              </Section>
              <div>
                <Section title={t("Tags")}>
                  <Tags
                    tags={workspace.tags ?? {}}
                    onChange={(changes) => {
                      const merged = Object.entries({ ...workspace.tags, ...changes });
                      change.mutate({ tags: Object.fromEntries(merged.filter(([, value]) => value !== null)) });
                    }}
                  />
                </Section>
                <Section title={t("Description")}>
                  <Said
                    key={`${workspace.properties.friendlyName} ${workspace.properties.description}`}
                    workspace={workspace}
                    isPending={change.isPending}
                    error={change.error}
                    onSave={(properties) => change.mutate({ properties })}
                  />
                </Section>
              </div>
            </div>
            <Section title={t("Definition")}>
              <Suspense fallback={<Waiting />}>
                <Code text={JSON.stringify(workspace, null, 2)} name="workspace.json" label={t("Definition")} />
              </Suspense>
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Known({ workspace }: { workspace: Whole }) {
  const t = useT();
  const stores = useQuery(datastores(workspace.id));
  const store = stores.data?.find(({ properties }) => properties.isDefault)?.name;
  const { properties } = workspace;
  return (
    <Facts
      of={[
        [t("Name"), <Copied key="name" text={workspace.name} />],
        ["ID", <Copied key="id" text={workspace.id} />],
        [t("Tracking address"), <Copied key="tracking" text={properties.mlFlowTrackingUri} />],
        [
          t("Default datastore"),
          store && (
            <Link to="/datastores/$name" params={{ name: store }}>
              {store}
            </Link>
          ),
        ],
        [t("Created"), workspace.systemData?.createdAt && <When at={workspace.systemData.createdAt} />],
        [t("Created by"), workspace.systemData?.createdBy],
      ]}
    />
  );
}

interface SaidProps {
  workspace: Whole;
  isPending: boolean;
  error: Error | null;
  onSave: (properties: { friendlyName: string; description: string }) => void;
}

function Said({ workspace, isPending, error, onSave }: SaidProps) {
  const t = useT();
  const [friendlyName, setName] = useState(workspace.properties.friendlyName ?? "");
  const [description, setDescription] = useState(workspace.properties.description ?? "");
  return (
    <Form onSubmit={() => onSave({ friendlyName, description })} isPending={isPending} error={error} action={t("Save")}>
      <Field label={t("Display name")}>
        <Input value={friendlyName} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Description")}>
        <Textarea value={description} onChange={(_, { value }) => setDescription(value)} />
      </Field>
    </Form>
  );
}

/** The file by which `MLClient.from_config` and `az configure` find the workspace. */
function Configuration({ scope }: { scope: string }) {
  const t = useT();
  const [, , subscription, , group, , , , name] = scope.split("/");
  const text = JSON.stringify({ subscription_id: subscription, resource_group: group, workspace_name: name }, null, 2);
  return (
    <Button
      as="a"
      icon={<ArrowDownload20Regular />}
      href={`data:application/json,${encodeURIComponent(text)}`}
      download="config.json"
    >
      {t("Download config.json")}
    </Button>
  );
}
