import { Button } from "@fluentui/react-components";
import { Edit20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { DeleteButton } from "../../ui/DeleteButton";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { NewButton } from "../create/NewButton";
import type { Connection } from "./connections";
import { EditConnection } from "./EditConnection";

/** Services outside that jobs and flows use. Secrets stay on the server. */
export function ConnectionsPage() {
  const t = useT();
  const found = useQuery(list<Connection>(`${useScope()}/connections`, "connections"));
  const [edited, setEdited] = useState<Connection>();
  return (
    <Page title={t("Connections")} actions={<NewButton kind="connections" />}>
      <Loaded of={found}>
        {(connections) =>
          connections.length === 0 ? (
            <Empty>
              {t("Nothing here yet.")} <code>smalt connection create --file connection.yml</code>
            </Empty>
          ) : (
            <Table
              label={t("Connections")}
              rows={connections}
              rowKey={({ name }) => name}
              columns={[
                { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
                { key: "type", title: t("Type"), cell: ({ properties }) => properties.category },
                {
                  key: "target",
                  title: t("Address"),
                  cell: ({ properties }) => <code>{properties.target ?? ""}</code>,
                },
                { key: "auth", title: t("Signs in with"), cell: ({ properties }) => properties.authType ?? "" },
                {
                  key: "verbs",
                  title: t("Actions"),
                  cell: (connection) => (
                    <span className="row">
                      <Button
                        size="small"
                        appearance="subtle"
                        icon={<Edit20Regular />}
                        aria-label={t("Edit {name}", { name: connection.name })}
                        onClick={() => setEdited(connection)}
                      />
                      <DeleteOf name={connection.name} />
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {edited && <EditConnection connection={edited} onClose={() => setEdited(undefined)} />}
    </Page>
  );
}

function DeleteOf({ name }: { name: string }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`${scope}/connections/${encodeURIComponent(name)}`, { method: "DELETE" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["connections"] }),
  });
  return (
    <DeleteButton
      label={t("Delete {name}", { name })}
      question={t("Delete the connection {name}?", { name })}
      onDelete={() => remove.mutate()}
    >
      {t("Its secret goes with it. Flows and jobs that name it fail from then on.")}
    </DeleteButton>
  );
}
