import { Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { logOf } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { LogView } from "../../ui/LogView";
import type { TabProps } from "./EndpointPage";

const LOOK_AGAIN_MS = 10_000;
/** Of what goes on while a deployment is prepared nothing is told. */
const PREPARED_MS = 2000;
const SERVER = "InferenceServer";
const BUILD = "StorageInitializer";

/** What the newest instance of a deployment has written, on and on; or what was told while it was prepared. */
export default function LogsTab({ endpoint, deployments }: TabProps) {
  const t = useT();
  const scope = useScope();
  const { deployment, container = SERVER } = useSearch({ from: "/endpoints/online/$name" });
  const navigate = useNavigate({ from: "/endpoints/online/$name" });
  const name = deployments.find((each) => each.name === deployment)?.name ?? deployments[0]?.name ?? "";
  const found = useQuery({
    // Most lines are written for requests, of which is told; the others are looked for now and then.
    queryKey: ["endpointMetrics", scope, endpoint.name, "logs", name, container],
    queryFn: ({ signal }) => logOf(scope, endpoint.name, name, container, signal),
    enabled: name !== "",
    refetchInterval: container === BUILD ? PREPARED_MS : LOOK_AGAIN_MS,
  });
  const set = (values: { deployment?: string; container?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...values }), replace: true });
  if (!name) return <Empty>{t("Nothing answers here yet.")}</Empty>;
  return (
    <>
      <div className="filters">
        <Field label={t("Deployment")} orientation="horizontal">
          <Select value={name} onChange={(_, { value }) => set({ deployment: value })}>
            {deployments.map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </Select>
        </Field>
        <Field label={t("Log file")} orientation="horizontal">
          <Select value={container} onChange={(_, { value }) => set({ container: value })}>
            <option value={SERVER}>{t("What it writes")}</option>
            <option value={BUILD}>{t("How it was prepared")}</option>
          </Select>
        </Field>
      </div>
      <Loaded of={found}>{(text) => <Lines key={`${name} ${container}`} text={text} label={name} />}</Loaded>
    </>
  );
}

function Lines({ text, label }: { text: string; label: string }) {
  const t = useT();
  const lines = useMemo(() => text.split("\n"), [text]);
  if (!text) return <Empty>{t("No log yet.")}</Empty>;
  return <LogView lines={lines} label={label} isLive />;
}
