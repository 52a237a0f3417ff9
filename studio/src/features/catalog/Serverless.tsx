import { Button } from "@fluentui/react-components";
import { Delete16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { serverlessEndpoints, serverlessPath } from "../../api/catalog";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import { Copied } from "../../ui/Copied";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { useChange } from "../endpoints/useEndpoints";

/** Models of the catalog behind an address. */
export default function Serverless() {
  const t = useT();
  const scope = useScope();
  const found = useQuery(serverlessEndpoints(scope));
  const change = useChange();
  const [asked, setAsked] = useState<string | null>(null);
  return (
    <Loaded of={found}>
      {(endpoints) =>
        endpoints.length === 0 ? (
          <Empty>
            {t("Nothing here yet.")} <Link to="/catalog">{t("Model catalog")}</Link>
          </Empty>
        ) : (
          <>
            <Table
              label={t("Serverless")}
              rows={endpoints}
              rowKey={({ name }) => name}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: ({ name }) => (
                    <Link to="/endpoints/online/$name" params={{ name }}>
                      {name}
                    </Link>
                  ),
                },
                {
                  key: "state",
                  title: t("State"),
                  cell: ({ properties }) => (
                    <>
                      <Status of={properties.provisioningState} />
                      {properties.error && <p className="reason">{properties.error.message.split("\n")[0]}</p>}
                    </>
                  ),
                },
                {
                  key: "model",
                  title: t("Model"),
                  cell: ({ properties }) => {
                    const name = properties.modelSettings.modelId.split(/[/:]/).at(-1) ?? "";
                    return (
                      <Link to="/catalog/$name" params={{ name }}>
                        {name}
                      </Link>
                    );
                  },
                },
                {
                  key: "uri",
                  title: t("Address"),
                  cell: ({ properties }) =>
                    properties.inferenceEndpoint && <Copied text={properties.inferenceEndpoint.uri} />,
                },
                { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
                {
                  key: "do",
                  title: <span className="visually-hidden">{t("Actions")}</span>,
                  cell: ({ name }) => (
                    <span className="row">
                      <Link to="/playground" search={{ endpoint: name }}>
                        {t("Talk with it")}
                      </Link>
                      <Button
                        size="small"
                        appearance="subtle"
                        icon={<Delete16Regular />}
                        aria-label={t("Delete {name}", { name })}
                        onClick={() => setAsked(name)}
                      />
                    </span>
                  ),
                },
              ]}
            />
            {asked !== null && (
              <Confirm
                title={t("Delete {name}", { name: asked })}
                action={t("Delete")}
                onConfirm={() => change.mutate({ path: serverlessPath(scope, asked), method: "DELETE" })}
                onClose={() => setAsked(null)}
              >
                {t("Callers are refused from then on. The model stays.")}
              </Confirm>
            )}
          </>
        )
      }
    </Loaded>
  );
}
