import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { When } from "../../ui/time";
import { dashboard, dashboards, type Listed } from "./dashboards";
import { DashboardView } from "./DashboardView";
import "./responsible.css";

/** The dashboards of a model or of a pipeline, and the one that is looked at. */
export function ResponsibleTab({ model, job }: { model?: string; job?: string }) {
  const t = useT();
  const found = useQuery(dashboards(useScope(), { model, job }));
  return (
    <Loaded of={found}>
      {(listed) =>
        listed.length === 0 ? (
          <Empty>
            {t(
              "A pipeline with the components of Responsible AI makes a dashboard; it comes when its steps have ended.",
            )}
          </Empty>
        ) : (
          <Chosen listed={listed} at={job} />
        )
      }
    </Loaded>
  );
}

function Chosen({ listed, at }: { listed: Listed[]; at?: string }) {
  const t = useT();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const shown = listed.find(({ job }) => job === search.dashboard) ?? listed[0];
  return (
    <>
      <div className="filters">
        {listed.length > 1 && (
          <Field label={t("Dashboard")} orientation="horizontal">
            <Select
              value={shown.job}
              onChange={(_, { value }) => void navigate({ to: ".", search: (old) => ({ ...old, dashboard: value }) })}
            >
              {listed.map((each) => (
                <option key={each.job} value={each.job}>
                  {each.title}
                </option>
              ))}
            </Select>
          </Field>
        )}
        <strong>{shown.title}</strong>
        <code>{shown.model}</code>
        <When at={shown.createdAt} />
        {shown.pipeline !== at && (
          <Link to="/jobs/$name" params={{ name: shown.pipeline }}>
            {t("Open the job")}
          </Link>
        )}
        {shown.scorecards.map((card) => (
          <Link key={card.job} to="/jobs/$name" params={{ name: card.job }} search={{ tab: "outputs" }}>
            {t("Scorecard")}
          </Link>
        ))}
      </div>
      <Opened key={shown.job} listed={shown} />
    </>
  );
}

function Opened({ listed }: { listed: Listed }) {
  const found = useQuery(dashboard(useScope(), listed));
  return <Loaded of={found}>{(data) => <DashboardView of={data} job={listed.job} />}</Loaded>;
}
