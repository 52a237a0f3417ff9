import { Field, Select } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { logAddress } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { LogView } from "../../ui/LogView";
import { Waiting } from "../../ui/Waiting";
import type { TabProps } from "./EndpointPage";
import { useLogStream } from "./useLogStream";

const SERVER = "InferenceServer";
const BUILD = "StorageInitializer";

/** What the newest instance of a deployment has written, on and on; or what was told while it was prepared. */
export default function LogsTab({ endpoint, deployments }: TabProps) {
  const t = useT();
  const scope = useScope();
  const { deployment, container = SERVER } = useSearch({ from: "/endpoints/online/$name" });
  const navigate = useNavigate({ from: "/endpoints/online/$name" });
  const name = deployments.find((each) => each.name === deployment)?.name ?? deployments[0]?.name ?? "";
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
      <Lines key={`${name} ${container}`} address={logAddress(scope, endpoint.name, name, container)} label={name} />
    </>
  );
}

function Lines({ address, label }: { address: string; label: string }) {
  const t = useT();
  const lines = useLogStream(address);
  if (lines === null) return <Waiting />;
  if (lines.length === 0) return <Empty>{t("No log yet.")}</Empty>;
  return <LogView lines={lines} label={label} isLive />;
}
