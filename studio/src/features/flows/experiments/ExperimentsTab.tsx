import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { TAG } from "../../../api/experiments";
import { assets } from "../../../api/queries";
import type { Asset } from "../../../api/types";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { LongTable, type LongColumn } from "../../../ui/LongTable";
import { When } from "../../../ui/time";

const HOW = "smalt flow experiment create --template compare.exp.yaml";

/** The experiments of the workspace, and how one is brought to it. */
export default function ExperimentsTab() {
  const t = useT();
  const found = useQuery(assets(useScope(), "components"));
  const columns = useMemo(
    (): LongColumn<Asset>[] => [
      {
        key: "name",
        title: t("Name"),
        width: "minmax(14rem, 2fr)",
        cell: ({ name, properties }) => (
          <span className="two-lines">
            <Link to="/flows/experiments/$experiment" params={{ experiment: name }}>
              {name}
            </Link>
            <span className="faint">{properties.description}</span>
          </span>
        ),
      },
      { key: "version", title: t("Version"), width: "8rem", cell: ({ properties }) => properties.latestVersion },
      {
        key: "at",
        title: t("Changed"),
        width: "10rem",
        cell: ({ systemData }) => <When at={systemData?.lastModifiedAt} />,
      },
    ],
    [t],
  );
  return (
    <Loaded of={found}>
      {(all) => {
        const rows = all.filter(({ properties }) => TAG in (properties.tags ?? {}));
        if (rows.length > 0) {
          return <LongTable columns={columns} rows={rows} rowKey={({ name }) => name} label={t("Experiments")} />;
        }
        return (
          <>
            <Empty>{t("No experiment yet. A template is brought here from the command line:")}</Empty>
            <pre className="value">{HOW}</pre>
          </>
        );
      }}
    </Loaded>
  );
}
