import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Table } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { NewButton } from "../create/NewButton";
import { registries } from "./registries";

/** Where workspaces share models, components, environments and data. */
export function RegistriesPage() {
  const t = useT();
  const found = useQuery(registries(useScope()));
  return (
    <Page title={t("Registries")} actions={<NewButton kind="registries" />}>
      <Loaded of={found}>
        {(all) =>
          all.length === 0 ? (
            <Empty>
              {t("Nothing here yet.")} {t("More registries share assets between workspaces.")}{" "}
              <code>smalt registry create --name shared</code>
            </Empty>
          ) : (
            <Table
              label={t("Registries")}
              rows={all}
              rowKey={({ name }) => name}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: ({ name }) => (
                    <Link to="/registries/$name" params={{ name }}>
                      {name}
                    </Link>
                  ),
                },
                { key: "tags", title: t("Tags"), cell: ({ tags }) => <Tags tags={tags} /> },
                { key: "at", title: t("Created"), cell: ({ systemData }) => <When at={systemData.createdAt} /> },
                { key: "by", title: t("Created by"), cell: ({ systemData }) => systemData.createdBy },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
