import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { money, short } from "../../ui/number";
import { Table } from "../../ui/Table";
import { duration } from "../../ui/time";
import { figures, type Figures } from "./traces";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PERCENTILES = ["p50", "p90", "p99"] as const;

/** What the traces of the last day come to, by model. */
export function TraceFigures() {
  const t = useT();
  const scope = useScope();
  // A whole hour, so that the question stays the same while the page is open.
  const [since] = useState(() => new Date(Math.floor((Date.now() - DAY_MS) / HOUR_MS) * HOUR_MS).toISOString());
  const found = useQuery(figures(scope, "model", since));
  if (!found.data?.length) return null;
  return (
    <details className="figures">
      <summary>{t("Models in the last 24 hours")}</summary>
      <Table
        label={t("Models in the last 24 hours")}
        rows={found.data}
        rowKey={({ model }) => model}
        columns={[
          { key: "model", title: t("Model"), cell: ({ model }) => model || "–" },
          { key: "calls", title: t("Calls"), isNumber: true, cell: ({ requests }) => requests },
          { key: "failed", title: t("Failed"), isNumber: true, cell: ({ errors }) => errors },
          ...PERCENTILES.map((name) => ({
            key: name,
            title: name,
            isNumber: true,
            cell: ({ seconds }: Figures) => (seconds[name] === null ? "" : duration(seconds[name], t)),
          })),
          { key: "tokens", title: t("Tokens"), isNumber: true, cell: ({ tokens }) => short(tokens?.total) },
          { key: "cost", title: t("Cost"), isNumber: true, cell: ({ cost }) => money(cost) },
        ]}
      />
    </details>
  );
}
