/** Charts that runs log as JSON, as Azure has them: a document says by `schema_type` what its `data` are. */

/** Of a class and a threshold: true positives, false positives, true negatives, false negatives. */
type Counts = [number, number, number, number];

export interface Confusion {
  class_labels: string[];
  matrix: number[][];
}

export interface Accuracy {
  class_labels: string[];
  probability_thresholds: number[];
  probability_tables: Counts[][];
}

export interface Residuals {
  bin_edges: number[];
  bin_counts: number[];
}

export interface Predictions extends Residuals {
  bin_averages: number[];
  bin_errors: number[];
}

export type Logged =
  | { schema_type: "confusion_matrix"; data: Confusion }
  | { schema_type: "accuracy_table"; data: Accuracy }
  | { schema_type: "residuals"; data: Residuals }
  | { schema_type: "predictions"; data: Predictions };

/** Names under which AutoML logs them. */
export const LOGGED = new Set(["confusion_matrix", "accuracy_table", "residuals", "predicted_true"]);
const SCHEMAS = new Set(["confusion_matrix", "accuracy_table", "residuals", "predictions"]);

/** The chart that a text holds, or null where it holds another thing. */
export function readLogged(text: string): Logged | null {
  try {
    const found = JSON.parse(text) as Logged | null;
    return found && SCHEMAS.has(found.schema_type) && found.data ? found : null;
  } catch {
    return null;
  }
}

type Line = [x: number, y: number][];

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** True positives over false positives, from the strictest threshold on. */
export const roc = (cuts: readonly Counts[]): Line =>
  cuts
    .map(([tp, fp, tn, fn]): [number, number] => [share(fp, fp + tn), share(tp, tp + fn)])
    .sort((one, other) => one[0] - other[0] || one[1] - other[1]);

/** Precision over recall; where nothing is found there is no precision. */
export const precisionRecall = (cuts: readonly Counts[]): Line =>
  cuts
    .filter(([tp, fp]) => tp + fp > 0)
    .map(([tp, fp, , fn]): [number, number] => [share(tp, tp + fn), share(tp, tp + fp)])
    .sort((one, other) => one[0] - other[0] || other[1] - one[1]);

/** The middle of each part. */
export const middles = (edges: readonly number[]): number[] =>
  edges.slice(1).map((edge, index) => (edge + edges[index]) / 2);
