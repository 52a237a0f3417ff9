import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { taken } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Waiting } from "../../ui/Waiting";
import { Chat } from "./Chat";
import type { TabProps } from "./EndpointPage";
import { RequestForm } from "./RequestForm";

/** Asks an endpoint something, as its callers do: with a request, or in a chat where it is a chat flow. */
export default function TestTab({ endpoint, deployments }: TabProps) {
  const t = useT();
  const { deployment = "" } = useSearch({ from: "/endpoints/online/$name" });
  const navigate = useNavigate({ from: "/endpoints/online/$name" });
  const up = deployments.filter(({ properties }) => properties.provisioningState !== "Failed");
  const hasTraffic = Object.values(endpoint.properties.traffic ?? {}).some((share) => share > 0);
  const known = up.some(({ name }) => name === deployment) ? deployment : "";
  const chosen = known || (hasTraffic ? "" : (up[0]?.name ?? ""));
  const found = useQuery({ ...taken(useScope(), endpoint.name, chosen), enabled: up.length > 0 });
  if (up.length === 0) return <Empty>{t("Nothing answers here yet.")}</Empty>;
  return (
    <>
      <div className="filters">
        <Field label={t("Who answers")} orientation="horizontal">
          <Select
            value={chosen}
            onChange={(_, { value }) =>
              void navigate({ search: (old) => ({ ...old, deployment: value || undefined }), replace: true })
            }
          >
            {hasTraffic && <option value="">{t("As the traffic is shared out")}</option>}
            {up.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      {found.isPending ? (
        <Waiting />
      ) : found.data?.isChat ? (
        <Chat key={chosen} endpoint={endpoint.name} deployment={chosen} />
      ) : (
        <RequestForm
          // Another example begins anew: the deployment has come up meanwhile, or is another one.
          key={`${chosen} ${JSON.stringify(found.data?.example)}`}
          endpoint={endpoint.name}
          deployment={chosen}
          example={found.data?.example}
          mayStream={found.data?.isFlow ?? false}
        />
      )}
    </>
  );
}
