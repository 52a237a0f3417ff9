import type { Job } from "../../api/types";

interface TaskDetails {
  taskType?: string;
  primaryMetric?: string;
  targetColumnName?: string;
}

/** What an AutoML job is about. */
export const detailsOf = ({ properties }: Job): TaskDetails => (properties.taskDetails ?? {}) as TaskDetails;

/** The tag that names the best trial. */
export const BEST = "automl_best_child_run_id";

/** Whether a child of an AutoML job is no trial but what is told at its end. */
export const isReport = ({ name }: Job): boolean => name.endsWith("_report");

/** Whether less of a metric is better. */
export const isLoss = (metric: string | undefined): boolean => /error/i.test(metric ?? "");
