import type { Task } from "./words";

/** A job as somebody thinks of it, before it is written down for the server. */
export interface Plan {
  name: string;
  task: Task;
  metric: string;
  data: string;
  target: string;
  validation: "auto" | "share" | "folds" | "data";
  validationShare: number;
  folds: number;
  validationData: string;
  testData: string;
  algorithms: string[];
  maxTrials: number;
  atOnce: number;
  minutes: number;
  trialMinutes: number;
  compute?: string;
  priority?: number;
  model: string;
  time: string;
  horizon: number;
  series: string;
}

export const FIRST: Plan = {
  name: "",
  task: "Classification",
  metric: "",
  data: "",
  target: "",
  validation: "auto",
  validationShare: 20,
  folds: 5,
  validationData: "",
  testData: "",
  algorithms: [],
  maxTrials: 10,
  atOnce: 2,
  minutes: 30,
  trialMinutes: 10,
  model: "",
  time: "",
  horizon: 12,
  series: "",
};

export const isReady = (plan: Plan): boolean =>
  plan.data !== "" &&
  plan.target !== "" &&
  (plan.task !== "Forecasting" || plan.time !== "") &&
  (plan.validation !== "data" || plan.validationData !== "");

interface Table {
  jobInputType: string;
  uri: string;
}

/** The job that is submitted. `typeOf` tells the type of a data asset: `uri_file`, `uri_folder` or `mltable`. */
export function propertiesOf(plan: Plan, metric: string, typeOf: (uri: string) => string) {
  const table = (uri: string): Table => ({ jobInputType: typeOf(uri), uri });
  const compute = plan.compute?.replace(/^azureml:/, "");
  return {
    jobType: "AutoML",
    displayName: plan.name || undefined,
    experimentName: "automl",
    computeId: compute ? `azureml:${compute}` : undefined,
    queueSettings: plan.priority ? { priority: plan.priority } : undefined,
    outputs: { best_model: { jobOutputType: "mlflow_model", assetName: plan.model || undefined } },
    taskDetails: {
      taskType: plan.task,
      primaryMetric: metric,
      targetColumnName: plan.target,
      trainingData: table(plan.data),
      testData: plan.testData ? table(plan.testData) : undefined,
      ...validationOf(plan, table),
      limitSettings: {
        maxTrials: plan.maxTrials,
        maxConcurrentTrials: plan.atOnce,
        timeout: `PT${plan.minutes}M`,
        trialTimeout: `PT${plan.trialMinutes}M`,
      },
      trainingSettings: plan.algorithms.length > 0 ? { allowedTrainingAlgorithms: plan.algorithms } : undefined,
      forecastingSettings:
        plan.task === "Forecasting"
          ? {
              timeColumnName: plan.time,
              forecastHorizon: { mode: "Custom", value: plan.horizon },
              timeSeriesIdColumnNames: names(plan.series),
            }
          : undefined,
    },
  };
}

function validationOf(plan: Plan, table: (uri: string) => Table) {
  if (plan.validation === "share") return { validationDataSize: plan.validationShare / 100 };
  if (plan.validation === "folds") return { nCrossValidations: { mode: "Custom", value: plan.folds } };
  if (plan.validation === "data") return { validationData: table(plan.validationData) };
  return {};
}

function names(text: string): string[] | undefined {
  const found = text
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);
  return found.length > 0 ? found : undefined;
}
