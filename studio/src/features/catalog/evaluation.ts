/** Tasks whose answers are compared here. */
export const MEASURED = new Set(["chat-completion", "text-generation"]);

const COMPONENTS = "azureml://registries/azureml/components";

export interface Evaluation {
  task: string;
  data: string;
  input: string;
  label: string;
  tokens: string;
  compute: string;
}

export const NOTHING: Evaluation = { task: "", data: "", input: "text", label: "", tokens: "128", compute: "" };

/** The pipeline that answers and measures. */
export function evaluation(name: string, model: string, wanted: Evaluation): Record<string, unknown> {
  const columns = {
    ...(wanted.task === "text-generation" && wanted.input ? { input_column_names: wanted.input } : {}),
    ...(wanted.label ? { label_column_name: wanted.label } : {}),
  };
  return {
    type: "pipeline",
    display_name: `Evaluation of ${name}`,
    experiment_name: "evaluation",
    ...(wanted.compute ? { settings: { default_compute: `azureml:${wanted.compute}` } } : {}),
    inputs: {
      model: { type: "mlflow_model", path: model },
      lines: { type: "uri_file", path: `azureml:${wanted.data}@latest` },
    },
    jobs: {
      answer: {
        type: "command",
        component: `${COMPONENTS}/model_prediction/labels/latest`,
        inputs: {
          task: wanted.task,
          mlflow_model: "${{parent.inputs.model}}",
          test_data: "${{parent.inputs.lines}}",
          max_new_tokens: Number(wanted.tokens) || 128,
          ...columns,
        },
      },
      compare: {
        type: "command",
        component: `${COMPONENTS}/compute_metrics/labels/latest`,
        inputs: {
          task: wanted.task,
          prediction: "${{parent.jobs.answer.outputs.predictions}}",
          ground_truth: "${{parent.jobs.answer.outputs.ground_truth}}",
        },
      },
    },
  };
}
