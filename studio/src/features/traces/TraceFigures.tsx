import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Facts } from "../../ui/Facts";
import { duration } from "../../ui/time";
import { figures, money } from "./traces";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

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
      {found.data.map((each) => (
        <Facts
          key={each.model}
          of={[
            [t("Model"), each.model || "–"],
            [t("Calls"), each.requests],
            [t("Failed"), each.errors || null],
            [
              "p50 / p90 / p99",
              [each.seconds.p50, each.seconds.p90, each.seconds.p99]
                .map((s) => (s === null ? "–" : duration(s)))
                .join(" / "),
            ],
            [t("Tokens"), each.tokens?.total],
            [t("Cost"), money(each.cost)],
          ]}
        />
      ))}
    </details>
  );
}
