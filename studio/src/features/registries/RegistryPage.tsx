import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { NotHere } from "../../app/NotHere";
import { useScope } from "../../app/workspace";
import type { AssetKind } from "../../api/types";
import { Copied } from "../../ui/Copied";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Tabbed } from "../../ui/Tabbed";
import { Table } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { KINDS } from "../assets/kinds";
import { registries, SHARED, sharedAssets, type Registry } from "./registries";

/** What a registry shares, with the reference by which jobs of every workspace take it. */
export function RegistryPage() {
  const { name } = useParams({ from: "/registries/$name" });
  const found = useQuery(registries(useScope()));
  return (
    <Loaded of={found}>
      {(all) => {
        const registry = all.find((each) => each.name === name);
        return registry ? <Found registry={registry} /> : <NotHere />;
      }}
    </Loaded>
  );
}

function Found({ registry }: { registry: Registry }) {
  const t = useT();
  const { kind } = useSearch({ from: "/registries/$name" });
  const navigate = useNavigate({ from: "/registries/$name" });
  const shown = SHARED.find((each) => each === kind) ?? SHARED[0];
  return (
    <Page title={registry.name} above={<Link to="/registries">{t("Registries")}</Link>}>
      <Tabbed
        tabs={SHARED.map((id) => ({ id, title: KINDS[id].title }))}
        shown={shown}
        onShow={(id) => void navigate({ search: (old) => ({ ...old, kind: id }) })}
      >
        <Assets key={shown} registry={registry} kind={shown} />
      </Tabbed>
    </Page>
  );
}

function Assets({ registry, kind }: { registry: Registry; kind: AssetKind }) {
  const t = useT();
  const found = useQuery(sharedAssets(registry.id, kind));
  return (
    <Loaded of={found}>
      {(all) =>
        all.length === 0 ? (
          <Empty>{t("Nothing is shared here yet. Open an asset of a workspace and choose Share.")}</Empty>
        ) : (
          <Table
            label={t(KINDS[kind].title)}
            rows={all}
            rowKey={({ name }) => name}
            columns={[
              { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
              { key: "version", title: t("Version"), cell: ({ properties }) => properties.latestVersion ?? "" },
              {
                key: "reference",
                title: t("Reference"),
                cell: ({ name, properties }) => (
                  <Copied
                    text={`azureml://registries/${registry.name}/${kind}/${name}/versions/${properties.latestVersion}`}
                  />
                ),
              },
              { key: "tags", title: t("Tags"), cell: ({ properties }) => <Tags tags={properties.tags} /> },
              { key: "at", title: t("Changed"), cell: ({ systemData }) => <When at={systemData.lastModifiedAt} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}
