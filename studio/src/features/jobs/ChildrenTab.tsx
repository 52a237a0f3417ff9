import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { children as childrenQuery } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { CompareButton } from "../compare/CompareButton";
import type { TabProps } from "./JobPage";
import { termOf } from "../../ui/terms";

export default function ChildrenTab({ job }: TabProps) {
  const t = useT();
  const found = useQuery(childrenQuery(useScope(), job.name));
  return (
    <Loaded of={found}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty>{t("No child jobs yet.")}</Empty>
        ) : (
          <>
            <CompareButton names={rows.map(({ name }) => name)} />
            <Table
              label={t("Child jobs")}
              rows={rows}
              rowKey={({ name }) => name}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: (child) => (
                    <Link to="/jobs/$name" params={{ name: child.name }}>
                      {child.properties.displayName}
                    </Link>
                  ),
                },
                { key: "status", title: t("Status"), cell: (child) => <Status of={child.properties.status} /> },
                { key: "type", title: t("Type"), cell: (child) => termOf(child.properties.jobType, t) },
                { key: "at", title: t("Created"), cell: (child) => <When at={child.systemData.createdAt} /> },
              ]}
            />
          </>
        )
      }
    </Loaded>
  );
}
