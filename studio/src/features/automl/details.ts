import type { Job } from "../../api/types";

interface TaskDetails {
  taskType?: string;
  primaryMetric?: string;
  targetColumnName?: string;
}

/** What an AutoML job is about. */
export const detailsOf = ({ properties }: Job): TaskDetails => (properties.taskDetails ?? {}) as TaskDetails;

/** Whether less of a metric is better. */
export const isLoss = (metric: string | undefined): boolean => /error/i.test(metric ?? "");
