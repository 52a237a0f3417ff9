import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { request } from "../api/client";
import type { StoredFile } from "../api/types";
import { useT } from "../app/i18n";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { Empty } from "./Empty";
import { Loaded } from "./Loaded";
import { readLogged, type Logged } from "./logged";
import { Waiting } from "./Waiting";

const Curves = lazy(() => import("./LoggedCurves"));

/** A chart that a run has logged as JSON. */
export function LoggedChart({ file }: { file: StoredFile }) {
  const t = useT();
  const found = useQuery({
    queryKey: ["file", file.url, file.modifiedAt, "chart"],
    queryFn: async ({ signal }) => readLogged(await (await request(file.url ?? "", { signal })).text()),
  });
  return (
    <Loaded of={found}>
      {(chart) =>
        chart ? <Drawn chart={chart} /> : <Empty>{t("No preview of this kind of file. Download it.")}</Empty>
      }
    </Loaded>
  );
}

function Drawn({ chart }: { chart: Logged }) {
  if (chart.schema_type === "confusion_matrix") return <ConfusionMatrix of={chart.data} />;
  return (
    <Suspense fallback={<Waiting />}>
      <Curves chart={chart} />
    </Suspense>
  );
}
