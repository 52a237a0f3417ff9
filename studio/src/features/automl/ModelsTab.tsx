import { Badge, Button } from "@fluentui/react-components";
import { Cube20Regular, Rocket20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { children as childrenQuery, runs as runsQuery } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { short } from "../../ui/number";
import { Status } from "../../ui/Status";
import { Table } from "../../ui/Table";
import { Took } from "../../ui/time";
import { ENDED } from "../../api/types";
import { CompareButton } from "../compare/CompareButton";
import type { TabProps } from "../jobs/JobPage";
import { BEST, detailsOf, isLoss, isReport } from "./details";

/** Every model that was tried, the best first, and the way of the best one to an endpoint. */
export default function ModelsTab({ job }: TabProps) {
  const t = useT();
  const found = useQuery(childrenQuery(useScope(), job.name));
  return (
    <Loaded of={found}>
      {(children) => {
        const trials = children.filter((child) => !isReport(child));
        return trials.length === 0 ? <Empty>{t("No trial yet.")}</Empty> : <Ranked job={job} trials={trials} />;
      }}
    </Loaded>
  );
}

function Ranked({ job, trials }: { job: Job; trials: Job[] }) {
  const t = useT();
  const found = useQuery(
    runsQuery(
      useScope(),
      trials.map(({ name }) => name),
    ),
  );
  const byName = new Map((found.data ?? []).map((run) => [run.info.run_id, run]));
  const { primaryMetric = "" } = detailsOf(job);
  const sign = isLoss(primaryMetric) ? 1 : -1;
  const tag = ({ name }: Job, key: string) => byName.get(name)?.data.tags?.find((each) => each.key === key)?.value;
  const score = (trial: Job): number => Number(tag(trial, "score") ?? Number.NaN);
  const ranked = [...trials].sort((one, other) => {
    const [a, b] = [score(one), score(other)];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return sign * (a - b);
  });
  const best = job.properties.tags[BEST];
  return (
    <>
      <CompareButton names={ranked.map(({ name }) => name)}>{best && <BestModel job={job} />}</CompareButton>
      <Table
        label={t("Models")}
        rows={ranked}
        rowKey={({ name }) => name}
        columns={[
          {
            key: "algorithm",
            title: t("Algorithm"),
            cell: (trial) => (
              <span className="row">
                <Link to="/jobs/$name" params={{ name: trial.name }}>
                  {tag(trial, "run_algorithm") ?? trial.properties.displayName}
                </Link>
                {trial.name === best && <Badge appearance="tint">{t("Best")}</Badge>}
              </span>
            ),
          },
          {
            key: "score",
            title: primaryMetric,
            isNumber: true,
            cell: (trial) => (score(trial) ? short(score(trial)) : ""),
          },
          { key: "status", title: t("Status"), cell: ({ properties }) => <Status of={properties.status} /> },
          {
            key: "duration",
            title: t("Duration"),
            isNumber: true,
            cell: ({ name, properties }) => {
              const info = byName.get(name)?.info;
              return <Took from={info?.start_time} to={info?.end_time} isOver={ENDED.has(properties.status)} />;
            },
          },
        ]}
      />
    </>
  );
}

function BestModel({ job }: TabProps) {
  const t = useT();
  const navigate = useNavigate();
  const output = job.properties.outputs?.best_model;
  const registered = output?.assetName;
  if (registered) {
    return (
      <Button
        appearance="primary"
        icon={<Rocket20Regular />}
        onClick={() => void navigate({ to: "/deploy", search: { model: registered } })}
      >
        {t("Deploy the best model")}
      </Button>
    );
  }
  const uri = `azureml://jobs/${job.name}/outputs/best_model`;
  return (
    <Button
      appearance="primary"
      icon={<Cube20Regular />}
      disabled={job.properties.status !== "Completed"}
      onClick={() =>
        void navigate({ to: "/new/$kind", params: { kind: "models" }, search: { uri, type: "mlflow_model" } })
      }
    >
      {t("Register the best model")}
    </Button>
  );
}
