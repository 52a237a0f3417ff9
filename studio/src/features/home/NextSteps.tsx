import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { onlineEndpoints } from "../../api/endpoints";
import { assets } from "../../api/queries";
import type { Job } from "../../api/types";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Copy } from "../../ui/Copy";
import { Section } from "../../ui/Section";

const COMMANDS: [Message, string][] = [
  ["Run a job from a file", "smalt job create --file job.yml --stream"],
  ["Register data", "smalt data create --name sales --path ./sales.csv --type uri_file"],
  ["Use the official clients", 'eval "$(smalt env)"'],
];

/** What follows from what there is, and what can always be begun: here, and from a terminal. */
export function NextSteps({ jobs }: { jobs: readonly Job[] | undefined }) {
  const t = useT();
  return (
    <Section title={jobs?.length === 0 ? t("Begin here") : t("Next steps")}>
      <ul className="lines">
        <Deploy />
        <CompareRuns jobs={jobs ?? []} />
        <li>
          <Link to="/new/$kind" params={{ kind: "data" }}>
            {t("Bring in data")}
          </Link>
        </li>
        <li>
          <Link to="/notebooks">{t("Write in a notebook")}</Link>
        </li>
        <li>
          <Link to="/designer">{t("Compose a pipeline")}</Link>
        </li>
        <li>
          <Link to="/flows" search={{ create: "gallery" }}>
            {t("Make a flow of the gallery")}
          </Link>
        </li>
        {COMMANDS.map(([title, command]) => (
          <li key={command} className="step">
            <span>{t(title)}</span>
            <code className="command">{command}</code>
            <Copy text={command} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The newest model, where nothing answers yet. */
function Deploy() {
  const t = useT();
  const scope = useScope();
  const models = useQuery(assets(scope, "models"));
  const endpoints = useQuery(onlineEndpoints(scope));
  const [newest] = [...(models.data ?? [])].sort((one, other) =>
    other.systemData.lastModifiedAt.localeCompare(one.systemData.lastModifiedAt),
  );
  if (!newest || endpoints.data?.length !== 0) return null;
  return (
    <li>
      <Link to="/deploy" search={{ model: newest.name, version: newest.properties.latestVersion }}>
        {t("Deploy {name}", { name: newest.name })}
      </Link>
    </li>
  );
}

/** The latest runs of one experiment that have something to compare. */
function CompareRuns({ jobs }: { jobs: readonly Job[] }) {
  const t = useT();
  // A pipeline logs nothing itself.
  const done = jobs.filter(({ properties: { status, jobType } }) => status === "Completed" && jobType !== "Pipeline");
  const experiment = done.map(({ properties }) => properties.experimentName);
  const twice = experiment.find((name, index) => experiment.indexOf(name) !== index);
  if (twice === undefined) return null;
  const names = done.filter(({ properties }) => properties.experimentName === twice).map(({ name }) => name);
  return (
    <li>
      <Link to="/compare" search={{ jobs: names.join(",") }}>
        {t("Compare the latest {count} runs of {name}", { count: names.length, name: twice })}
      </Link>
    </li>
  );
}
