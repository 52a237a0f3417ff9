import type { Run } from "../../api/types";
import { MetricCharts } from "../jobs/MetricCharts";

export default function Overlays({ runs }: { runs: readonly Run[] }) {
  return <MetricCharts names={runs.map((run) => run.info.run_id)} runs={runs} />;
}
