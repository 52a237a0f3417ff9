import { queryOptions } from "@tanstack/react-query";
import { everything, request, query } from "../../api/client";
import { files } from "../../api/queries";
import type { StoredFile } from "../../api/types";

export interface Listed {
  job: string;
  pipeline: string;
  title: string;
  model: string;
  tools: string[];
  createdAt: string;
  page: string;
  folder: string;
  scorecards: { job: string; title: string; folder: string }[];
}

export type Cell = string | number | boolean | null;

export interface Dataset {
  task_type: "classification" | "regression";
  features: Cell[][];
  feature_names: string[];
  predicted_y: number[];
  true_y: number[];
  probability_y: number[][] | null;
  class_names: string[] | null;
  categorical_features: string[];
  target_column: string;
}

export interface TreeNode {
  id: number;
  parentId: number | null;
  parentNodeName: string | null;
  condition: string | null;
  method: string | null;
  arg: number | number[] | null;
  values: Cell[] | null;
  size: number;
  error: number;
  metricName: string;
  metricValue: number;
}

export interface Effect {
  feature: string;
  feature_value: string;
  point: number;
  ci_lower: number;
  ci_upper: number;
  p_value: number;
}

export type Policy =
  | { leaf: true; n_samples: number; treatment: string }
  | {
      leaf: false;
      feature: string;
      right_comparison: string;
      comparison_value: Cell;
      left: Policy;
      right: Policy;
    };

export interface Causal {
  global_effects: Effect[];
  local_effects: Effect[][];
  policies: { treatment_feature: string; policy_tree: Policy }[];
}

export interface Counterfactuals {
  cfs_list: (Cell[][] | null)[];
  feature_names: string[];
  summary_importance: number[] | null;
}

export interface Explanation {
  fidelity: number | null;
  precomputedExplanations: {
    /** By row and feature; where there are classes, by class before that. */
    localFeatureImportance: { scores: number[][] | number[][][]; featureNames: string[] };
    globalFeatureImportance: { scores: number[]; featureNames: string[] };
  };
}

export interface Errors {
  tree: TreeNode[];
  importances: number[];
  tree_features: string[];
  matrix_features: string[] | null;
}

export interface Dashboard {
  dataset: Dataset;
  modelExplanationData: Explanation[];
  errorAnalysisData: Errors[];
  causalAnalysisData: Causal[];
  counterfactualData: Counterfactuals[];
}

/** Dashboards of a model, as name:version, or of the pipeline that a job is of. */
export const dashboards = (scope: string, of: { model?: string; job?: string }) =>
  queryOptions({
    queryKey: ["jobs", scope, "", "responsible", of],
    queryFn: ({ signal }) => everything<Listed>(`${scope}/smalt/responsibleAiDashboards${query(of)}`, signal),
  });

const fileOf = (listed: StoredFile[], name: string): string | undefined =>
  listed.find((each) => each.name === name)?.url;

export const dashboard = (scope: string, listed: Listed) =>
  queryOptions({
    queryKey: ["responsible", scope, listed.job],
    // A dashboard does not change once it is there.
    staleTime: Infinity,
    queryFn: async ({ client, signal }) => {
      const url = fileOf(await client.fetchQuery(files(scope, listed.page)), "dashboard.json");
      if (!url) throw new Error("dashboard.json");
      return (await (await request(url, { signal })).json()) as Dashboard;
    },
  });
