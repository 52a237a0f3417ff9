import { Link } from "@tanstack/react-router";
import type { Job, JobPort } from "../../api/types";
import { useT } from "../../app/i18n";
import { AssetLink } from "../../ui/AssetLink";

/** What an input was given, or where an output is looked into; what it is registered as where that has a name. */
export function PortValue({ job, name, port }: { job: Job; name: string; port: JobPort }) {
  const t = useT();
  if (port.value !== undefined) return port.value;
  if (port.jobInputType !== undefined && port.jobOutputType === undefined) return <AssetLink id={port.uri} />;
  return (
    <span className="row wrap">
      <Link to="/jobs/$name" params={{ name: job.name }} search={{ tab: "outputs", file: name }}>
        {t("Look inside")}
      </Link>
      <span className="faint">{port.assetName ?? port.jobOutputType}</span>
    </span>
  );
}
