import { Button } from "@fluentui/react-components";
import { Play20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { experiment as experimentQuery, startedJobs, type Experiment } from "../../../api/experiments";
import { graph as graphQuery } from "../../../api/queries";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { Page } from "../../../ui/Page";
import { Section } from "../../../ui/Section";
import { StepGraph } from "../../graph/StepGraph";
import "../flows.css";
import { StartForm } from "./StartForm";
import { Started } from "./Started";

/** One experiment: its nodes, as far as the newest job has come, and what the newest jobs have measured. */
export function ExperimentPage() {
  const { experiment: name } = useParams({ from: "/flows/experiments/$experiment" });
  const found = useQuery(experimentQuery(useScope(), name));
  return <Loaded of={found}>{(experiment) => <Shown experiment={experiment} />}</Loaded>;
}

function Shown({ experiment }: { experiment: Experiment }) {
  const t = useT();
  const { start } = useSearch({ from: "/flows/experiments/$experiment" });
  const navigate = useNavigate({ from: "/flows/experiments/$experiment" });
  const jobs = useQuery(startedJobs(useScope(), experiment.name));
  const set = (next?: "yes") => void navigate({ search: (old) => ({ ...old, start: next }) });
  return (
    <Page
      title={experiment.name}
      above={
        <Link to="/flows" search={{ tab: "experiments" }}>
          {t("Experiments")}
        </Link>
      }
      badge={<span className="faint">{t("Version {version}", { version: experiment.version })}</span>}
      actions={
        !start && (
          <Button appearance="primary" icon={<Play20Regular />} onClick={() => set("yes")}>
            {t("Start")}
          </Button>
        )
      }
    >
      {experiment.description && <p>{experiment.description}</p>}
      {start && (
        <Section title={t("Start")}>
          <StartForm experiment={experiment} onDone={() => set()} />
        </Section>
      )}
      <Loaded of={jobs}>
        {(rows) => (
          <>
            <Section title={t("Nodes")}>
              <Nodes experiment={experiment} job={rows[0]?.name} />
            </Section>
            <Section title={t("Side by side")}>
              {rows.length > 0 ? <Started jobs={rows} /> : <Empty>{t("It was not started yet.")}</Empty>}
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** The nodes as the newest job has them; those of the template before there is one. */
function Nodes({ experiment, job }: { experiment: Experiment; job?: string }) {
  const navigate = useNavigate();
  const found = useQuery({ ...graphQuery(useScope(), job ?? ""), enabled: job !== undefined });
  return (
    <div className="graph experiment-graph">
      <StepGraph
        steps={found.data?.steps ?? experiment.steps}
        onChoose={(step) =>
          job && step && void navigate({ to: "/jobs/$name", params: { name: job }, search: { tab: "graph", step } })
        }
      />
    </div>
  );
}
