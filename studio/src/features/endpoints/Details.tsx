import { onlinePath } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Copied } from "../../ui/Copied";
import { Facts, type Fact } from "../../ui/Facts";
import { Section } from "../../ui/Section";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { Deployments } from "./Deployments";
import type { TabProps } from "./EndpointPage";
import { TrafficEditor } from "./TrafficEditor";
import { useChange } from "./useEndpoints";
import { termOf } from "../../ui/terms";
import { ROLLOUT, rolloutText } from "./rollout";

/** What an endpoint is, who answers behind it, and how much each of them gets. */
export function Details({ endpoint, deployments }: TabProps) {
  const t = useT();
  const scope = useScope();
  const { properties } = endpoint;
  const change = useChange();
  const setTags = (tags: Record<string, string | null>) =>
    change.mutate({ path: onlinePath(scope, endpoint.name), method: "PATCH", body: { tags } });
  const kept = Object.entries(properties.properties ?? {}).filter(
    ([key]) => key !== "azureml.onlineendpointid" && key !== ROLLOUT,
  );
  const rollout = properties.properties?.[ROLLOUT];
  return (
    <>
      <div className="columns">
        <Section title={t("Properties")}>
          <Facts
            of={[
              [t("Address"), <Copied key="copied" text={properties.scoringUri} />],
              [t("Callers come with"), termOf(properties.authMode, t)],
              [t("Description"), properties.description],
              [t("Created"), <When key="created" at={endpoint.systemData.createdAt} />],
              [t("Created by"), endpoint.systemData.createdBy],
              [t("Changed"), <When key="changed" at={endpoint.systemData.lastModifiedAt} />],
              [t("Traffic goes back when"), rollout && rolloutText(rollout, t)],
              ...kept.map(([key, value]): Fact => [key, <code key={key}>{value}</code>]),
            ]}
          />
        </Section>
        <Section title={t("Tags")}>
          <Tags tags={endpoint.tags} onChange={setTags} />
        </Section>
      </div>
      <Section title={t("Deployments")}>
        <Deployments endpoint={endpoint} deployments={deployments} />
      </Section>
      {deployments.length > 0 && (
        <Section title={t("Traffic")}>
          <TrafficEditor
            key={JSON.stringify([properties.traffic, properties.mirrorTraffic, deployments.map(({ name }) => name)])}
            endpoint={endpoint}
            deployments={deployments}
          />
        </Section>
      )}
    </>
  );
}
