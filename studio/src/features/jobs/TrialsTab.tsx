import { Badge } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { trials as trialsQuery } from "../../api/queries";
import type { Trial } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { short } from "../../ui/number";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import { CompareButton } from "../compare/CompareButton";
import type { TabProps } from "./JobPage";

/** Nested choices as one level: `model.alpha`. */
function flat(value: Record<string, unknown>, prefix = ""): [string, string][] {
  return Object.entries(value).flatMap(([key, each]) =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? flat(each as Record<string, unknown>, `${prefix}${key}.`)
      : [[`${prefix}${key}`, typeof each === "number" ? short(each) : String(each)] as [string, string]],
  );
}

export default function TrialsTab({ job }: TabProps) {
  const t = useT();
  const found = useQuery(trialsQuery(useScope(), job.name));
  return (
    <Loaded of={found}>
      {({ value, primaryMetric, goal }) => {
        if (value.length === 0) return <Empty>{t("No trial yet.")}</Empty>;
        const keys = [...new Set(value.flatMap((trial) => flat(trial.hyperparameters).map(([key]) => key)))];
        const ordered = [...value].sort((one, other) => order(one, other, goal));
        return (
          <>
            <CompareButton names={ordered.map(({ name }) => name)} />
            <Table
              label={t("Trials")}
              rows={ordered}
              rowKey={({ name }) => name}
              columns={[
                {
                  key: "name",
                  title: t("Name"),
                  cell: (trial) => (
                    <span className="row">
                      <Link to="/jobs/$name" params={{ name: trial.name }}>
                        {trial.name}
                      </Link>
                      {trial.isBest && <Badge appearance="tint">{t("Best")}</Badge>}
                    </span>
                  ),
                },
                { key: "status", title: t("Status"), cell: (trial) => <Status of={trial.status} /> },
                { key: "value", title: primaryMetric, isNumber: true, cell: (trial) => short(trial.value) },
                ...keys.map((key) => ({
                  key: `parameter:${key}`,
                  title: key,
                  isNumber: true,
                  cell: (trial: Trial) => flat(trial.hyperparameters).find(([each]) => each === key)?.[1] ?? "",
                })),
                { key: "reason", title: t("Reason"), cell: (trial) => trial.reason ?? "" },
              ]}
            />
          </>
        );
      }}
    </Loaded>
  );
}

/** The best first; those without a value last. */
function order(one: Trial, other: Trial, goal: string): number {
  if (one.value === null || other.value === null) return Number(one.value === null) - Number(other.value === null);
  const difference = Number(other.value) - Number(one.value);
  return goal.toLowerCase() === "maximize" ? difference : -difference;
}
