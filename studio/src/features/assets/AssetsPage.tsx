import { Checkbox, Input } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { assets as assetsQuery } from "../../api/queries";
import type { Asset, AssetKind } from "../../api/types";
import { useT } from "../../app/i18n";
import { NotHere } from "../../app/NotHere";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { LongTable, type LongColumn } from "../../ui/LongTable";
import { Page } from "../../ui/Page";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { NewButton } from "../create/NewButton";
import { DataTabs } from "../datastores/DataTabs";
import { kindOf, KINDS } from "./kinds";

export function AssetsPage() {
  const kind = kindOf(useParams({ from: "/assets/$kind" }).kind);
  return kind ? <List key={kind} kind={kind} /> : <NotHere />;
}

function List({ kind }: { kind: AssetKind }) {
  const t = useT();
  const { q = "", archived } = useSearch({ from: "/assets/$kind" });
  const navigate = useNavigate({ from: "/assets/$kind" });
  const found = useQuery(assetsQuery(useScope(), kind, archived === "yes"));
  const set = (values: { q?: string; archived?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...values }), replace: true });
  const columns = useMemo(
    (): LongColumn<Asset>[] => [
      {
        key: "name",
        title: t("Name"),
        width: "minmax(10rem, 2fr)",
        cell: (asset) => (
          <Link to="/assets/$kind/$name" params={{ kind, name: asset.name }}>
            {asset.name}
          </Link>
        ),
      },
      { key: "version", title: t("Version"), width: "5rem", cell: (asset) => asset.properties.latestVersion ?? "–" },
      {
        key: "type",
        title: t("Type"),
        width: "8rem",
        cell: (asset) => String(asset.properties.dataType ?? asset.properties.componentType ?? ""),
      },
      {
        key: "tags",
        title: t("Tags"),
        width: "minmax(6rem, 2fr)",
        cell: (asset) => <Tags tags={asset.properties.tags} />,
      },
      {
        key: "at",
        title: t("Changed"),
        width: "7.5rem",
        cell: (asset) => <When at={asset.systemData.lastModifiedAt} />,
      },
      { key: "by", title: t("Created by"), width: "7rem", cell: (asset) => asset.systemData.createdBy },
    ],
    [kind, t],
  );
  const wanted = q.toLowerCase();
  return (
    <Page title={t(KINDS[kind].title)} actions={kind !== "components" && <NewButton kind={kind} />}>
      {kind === "data" && <DataTabs shown="assets" />}
      <div className={kind === "data" ? "filters below-tabs" : "filters"}>
        <Input
          type="search"
          value={q}
          aria-label={t("Name or tag")}
          placeholder={t("Name or tag")}
          onChange={(_, { value }) => set({ q: value || undefined })}
        />
        <Checkbox
          label={t("With archived")}
          checked={archived === "yes"}
          onChange={(_, { checked }) => set({ archived: checked ? "yes" : undefined })}
        />
      </div>
      <Loaded of={found}>
        {(all) => {
          const rows = all.filter((asset) => fits(asset, wanted));
          if (rows.length === 0) {
            return (
              <Empty>
                {q ? t("Nothing found.") : t("Nothing here yet.")} <code>{KINDS[kind].command}</code>
              </Empty>
            );
          }
          return <LongTable columns={columns} rows={rows} rowKey={({ name }) => name} label={t(KINDS[kind].title)} />;
        }}
      </Loaded>
    </Page>
  );
}

const fits = (asset: Asset, text: string): boolean =>
  asset.name.toLowerCase().includes(text) ||
  Object.entries(asset.properties.tags).some(([key, value]) => `${key}=${value}`.toLowerCase().includes(text));
