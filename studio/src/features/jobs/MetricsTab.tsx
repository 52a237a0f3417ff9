import { useQuery } from "@tanstack/react-query";
import { run as runQuery } from "../../api/queries";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import type { TabProps } from "./JobPage";
import { MetricCharts } from "./MetricCharts";

export default function MetricsTab({ job }: TabProps) {
  const run = useQuery(runQuery(useScope(), job.name));
  return <Loaded of={run}>{(found) => <MetricCharts names={[job.name]} runs={[found]} />}</Loaded>;
}
