import { useQuery } from "@tanstack/react-query";
import { ask, type Variable } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Table } from "../../ui/Table";
import type { Kernel } from "./useSession";

/** What stands in the kernel's memory, asked for anew whenever a cell has ended. */
export function Variables({ kernel }: { kernel: Kernel }) {
  const t = useT();
  const scope = useScope();
  const session = kernel.session?.name ?? "";
  const ended = Math.max(0, ...Object.values(kernel.cells).map(({ endedAt }) => endedAt ?? 0));
  const found = useQuery({
    queryKey: ["notebookVariables", session, ended, kernel.state],
    queryFn: () => ask<{ busy: boolean; value: Variable[] }>(scope, session, "variables"),
    enabled: session !== "" && kernel.state === "idle",
    placeholderData: (old) => old,
  });
  const rows = found.data?.value ?? [];
  return (
    <aside className="nb-variables" aria-label={t("Variables")}>
      <h2>{t("Variables")}</h2>
      {kernel.state === "busy" && <p className="faint">{t("They are read when the cell has ended.")}</p>}
      {rows.length === 0 ? (
        <Empty>{kernel.session ? t("Nothing here yet.") : t("No kernel is at work.")}</Empty>
      ) : (
        <Table
          label={t("Variables")}
          rows={rows}
          rowKey={({ name }) => name}
          columns={[
            { key: "name", title: t("Name"), cell: ({ name }) => <code>{name}</code> },
            { key: "type", title: t("Type"), cell: ({ type, shape }) => (shape ? `${type} (${shape})` : type) },
            { key: "value", title: t("Value"), cell: ({ value }) => <code className="wrap">{value}</code> },
          ]}
        />
      )}
    </aside>
  );
}
