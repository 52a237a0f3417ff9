import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { request } from "../../api/client";
import { files, run as runQuery } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { short } from "../../ui/number";
import { Section } from "../../ui/Section";
import { artifactsOf } from "../jobs/artifacts";
import type { TabProps } from "../jobs/JobPage";

/** A table as pandas writes it: the most important feature first. */
interface Importances {
  columns: string[];
  data: [feature: string, importance: number][];
}

const MOST = 30;

/** What the best model looks at, and how it does on the test data. */
export default function ExplanationTab({ job }: TabProps) {
  const t = useT();
  return (
    <div className="columns explanation">
      <Section title={t("Importance of features")}>
        <Features job={job} />
      </Section>
      <Section title={t("Test data")}>
        <Tested name={`${job.name}_report`} />
      </Section>
    </div>
  );
}

function Features({ job }: TabProps) {
  const t = useT();
  const scope = useScope();
  const listed = useQuery(files(scope, artifactsOf(job.name)));
  const file = listed.data?.find(({ name }) => name === "explanation.json");
  const found = useQuery({
    queryKey: ["explanation", file?.url, file?.modifiedAt],
    queryFn: async ({ signal }) => (await (await request(file?.url ?? "", { signal })).json()) as Importances,
    enabled: file?.url !== undefined,
  });
  if (!file) return <Empty>{t("It comes when the job has ended.")}</Empty>;
  return (
    <Loaded of={found}>
      {({ data }) => {
        const shown = data.slice(0, MOST);
        const most = Math.max(...shown.map(([, importance]) => importance), Number.MIN_VALUE);
        return (
          <ul className="values">
            {shown.map(([feature, importance]) => (
              <li key={feature}>
                <span className="two-lines">
                  <span>{feature}</span>
                </span>
                <span className="bar" style={{ width: `${(100 * Math.max(importance, 0)) / most}%` }} />
                <span className="number">{short(importance)}</span>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

function Tested({ name }: { name: string }) {
  const t = useT();
  const found = useQuery({ ...runQuery(useScope(), name), retry: false });
  const metrics = (found.data?.data.metrics ?? [])
    .filter(({ key }) => !key.startsWith("system/"))
    .sort((one, other) => one.key.localeCompare(other.key));
  if (metrics.length === 0) return <Empty>{t("The job had no test data, or has not ended.")}</Empty>;
  return (
    <>
      <Facts of={metrics.map(({ key, value }) => [key, <span className="number">{short(value)}</span>])} />
      <p>
        <Link to="/jobs/$name" params={{ name }}>
          {t("Open the job")}
        </Link>
      </p>
    </>
  );
}
