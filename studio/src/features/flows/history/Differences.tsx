import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { flowDifference, flowFile } from "../../../api/flows";
import { useT, type Message } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { Section } from "../../../ui/Section";
import { useInSight } from "../../../ui/useInSight";
import { Waiting } from "../../../ui/Waiting";

const Difference = lazy(() => import("../../../ui/Difference"));

const CHANGES: Record<string, Message> = { added: "added", removed: "removed", changed: "changed" };

/** What differs between two versions, file by file. */
export function Differences({ flow, from, to }: { flow: string; from: number; to: number }) {
  const t = useT();
  const found = useQuery(flowDifference(useScope(), flow, from, to));
  return (
    <Loaded of={found}>
      {({ files }) => {
        if (files.length === 0) return <Empty>{t("The two versions are the same.")}</Empty>;
        return files.map((file) => (
          <Section key={file.path} title={`${file.path} · ${t(CHANGES[file.change] ?? "changed")}`}>
            {file.unified === null ? (
              <Empty>{t("It is no text, or too long to be shown.")}</Empty>
            ) : (
              <SideBySide flow={flow} from={from} to={to} path={file.path} change={file.change} />
            )}
          </Section>
        ));
      }}
    </Loaded>
  );
}

interface SidesProps {
  flow: string;
  from: number;
  to: number;
  path: string;
  change: string;
}

function SideBySide({ flow, from, to, path, change }: SidesProps) {
  const t = useT();
  const scope = useScope();
  const [place, isSeen] = useInSight<HTMLDivElement>();
  const before = useQuery({ ...flowFile(scope, flow, from, path), enabled: isSeen && change !== "added" });
  const after = useQuery({ ...flowFile(scope, flow, to, path), enabled: isSeen && change !== "removed" });
  const one = change === "added" ? "" : before.data;
  const other = change === "removed" ? "" : after.data;
  const isThere = typeof one === "string" && typeof other === "string";
  const labels: [string, string] = [t("Version {version}", { version: from }), t("Version {version}", { version: to })];
  return (
    <div ref={place}>
      <Suspense fallback={<Waiting />}>
        {isThere ? <Difference before={one} after={other} name={path} labels={labels} /> : <Waiting />}
      </Suspense>
    </div>
  );
}
