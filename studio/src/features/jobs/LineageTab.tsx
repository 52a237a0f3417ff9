import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { lineage as lineageQuery } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { AssetLink } from "../../ui/AssetLink";
import { Loaded } from "../../ui/Loaded";
import { Section } from "../../ui/Section";
import { Waiting } from "../../ui/Waiting";
import type { TabProps } from "./JobPage";

const LineageGraph = lazy(() => import("../lineage/LineageGraph"));

/** The way that leads through a job, and everything it was made from and has made. */
export default function LineageTab({ job }: TabProps) {
  const t = useT();
  const found = useQuery(lineageQuery(useScope(), job.name));
  return (
    <>
      <Suspense fallback={<Waiting />}>
        <LineageGraph kind="jobs" name={job.name} />
      </Suspense>
      <Loaded of={found}>
        {(lineage) => (
          <div className="lineage">
            <Section title={t("Made from")}>
              <ul className="lines">
                {lineage.environment && (
                  <li>
                    <span className="faint">{t("Environment")}</span> <AssetLink id={lineage.environment} />
                  </li>
                )}
                {Object.entries(lineage.inputs).map(([name, port]) => (
                  <li key={name}>
                    <span className="faint">{name}</span> <AssetLink id={port.assetId ?? port.uri} />
                  </li>
                ))}
                {lineage.parent && (
                  <li>
                    <span className="faint">{t("Parent")}</span> <AssetLink id={lineage.parent} />
                  </li>
                )}
              </ul>
            </Section>
            <span className="arrow" aria-hidden>
              →
            </span>
            <Section title={t("This job")}>
              <p>
                <strong>{job.properties.displayName}</strong>
                <br />
                <code>{job.name}</code>
              </p>
            </Section>
            <span className="arrow" aria-hidden>
              →
            </span>
            <Section title={t("Made")}>
              <ul className="lines">
                {lineage.assets.map((id) => (
                  <li key={id}>
                    <AssetLink id={id} />
                  </li>
                ))}
                {Object.entries(lineage.outputs)
                  .filter(([, port]) => !port.assetId || !lineage.assets.includes(port.assetId))
                  .map(([name, port]) => (
                    <li key={name}>
                      <span className="faint">{name}</span> <AssetLink id={port.assetId ?? port.uri} />
                    </li>
                  ))}
                {lineage.children.map((id) => (
                  <li key={id}>
                    <span className="faint">{t("Child job")}</span> <AssetLink id={id} />
                  </li>
                ))}
              </ul>
            </Section>
          </div>
        )}
      </Loaded>
    </>
  );
}
