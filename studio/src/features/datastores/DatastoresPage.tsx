import { Badge } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { NewButton } from "../create/NewButton";
import { DataTabs } from "./DataTabs";
import { datastores } from "./datastores";

/** Where the files of the workspace are. */
export function DatastoresPage() {
  const t = useT();
  const found = useQuery(datastores(useScope()));
  return (
    <Page title={t("Data")} actions={<NewButton kind="data" />}>
      <DataTabs shown="datastores" />
      <div className="tab-body">
        <Loaded of={found}>
          {(all) => (
            <Table
              label={t("Datastores")}
              rows={all}
              rowKey={({ name }) => name}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: ({ name, properties }) => (
                    <span className="row">
                      <Link to="/datastores/$name" params={{ name }}>
                        {name}
                      </Link>
                      {properties.isDefault && <Badge appearance="tint">{t("Default")}</Badge>}
                    </span>
                  ),
                },
                { key: "type", title: t("Type"), cell: ({ properties }) => properties.datastoreType },
                {
                  key: "description",
                  title: t("Description"),
                  cell: ({ properties }) => properties.description ?? "",
                },
                { key: "at", title: t("Created"), cell: ({ systemData }) => <When at={systemData.createdAt} /> },
                { key: "by", title: t("Created by"), cell: ({ systemData }) => systemData.createdBy },
              ]}
            />
          )}
        </Loaded>
      </div>
    </Page>
  );
}
