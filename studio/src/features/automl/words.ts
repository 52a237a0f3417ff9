import type { Message } from "../../app/i18n";

export type Task = "Classification" | "Regression" | "Forecasting";

interface TaskWords {
  title: Message;
  /** The first is what counts when nothing else is chosen. */
  metrics: string[];
  algorithms: string[];
}

const CLASSIFIERS = [
  "LogisticRegression",
  "SGD",
  "MultinomialNaiveBayes",
  "BernoulliNaiveBayes",
  "SVM",
  "LinearSVM",
  "KNN",
  "DecisionTree",
  "RandomForest",
  "ExtremeRandomTrees",
  "LightGBM",
  "GradientBoosting",
  "XGBoostClassifier",
];
const REGRESSORS = [
  "ElasticNet",
  "GradientBoosting",
  "DecisionTree",
  "KNN",
  "LassoLars",
  "SGD",
  "RandomForest",
  "ExtremeRandomTrees",
  "LightGBM",
  "XGBoostRegressor",
];
const OF_NUMBERS = ["NormalizedRootMeanSquaredError", "SpearmanCorrelation", "R2Score", "NormalizedMeanAbsoluteError"];

/** What can be searched for over a table, as the wire spells it. */
export const TASKS: Record<Task, TaskWords> = {
  Classification: {
    title: "Classification",
    metrics: ["AUCWeighted", "Accuracy", "NormMacroRecall", "AveragePrecisionScoreWeighted", "PrecisionScoreWeighted"],
    algorithms: CLASSIFIERS,
  },
  Regression: { title: "Regression", metrics: OF_NUMBERS, algorithms: REGRESSORS },
  Forecasting: {
    title: "Forecasting",
    metrics: OF_NUMBERS,
    algorithms: ["Naive", "SeasonalNaive", "Average", "SeasonalAverage", "ExponentialSmoothing", ...REGRESSORS],
  },
};
