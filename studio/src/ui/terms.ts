import type { Message, Translate } from "../app/i18n";

/** Words of the interfaces that people read in tables. */
const TERMS: Record<string, Message> = {
  Command: "Command",
  Pipeline: "Pipeline",
  Sweep: "Sweep",
  Parallel: "Parallel",
  AutoML: "Automated ML",
  Flow: "Flow",
  FineTuning: "Fine-tuning",
  command: "Command",
  pipeline: "Pipeline",
  sweep: "Sweep",
  parallel: "Parallel",
  automl: "Automated ML",
  if_else: "Branch",
  do_while: "Repeat while",
  parallel_for: "For each",
  literal: "Value",
  Classification: "Classification",
  Regression: "Regression",
  Forecasting: "Forecasting",
  CreateJob: "Starts a job",
  CreateMonitor: "Monitors",
  InvokeBatchEndpoint: "Calls a batch endpoint",
  ImportData: "Imports data",
  User: "A person",
  ServicePrincipal: "A program",
  BuiltInRole: "Built in",
  CustomRole: "Made here",
  AmlCompute: "A cluster",
  ComputeInstance: "A compute instance",
  Local: "This machine",
  Key: "A key",
  AMLToken: "A token of an hour",
  AADToken: "A token of their own",
  dag: "Graph",
  flex: "Python",
  prompty: "Prompty",
  submitted: "Submitted",
  failed: "Failed",
  skipped: "Skipped",
  Steady: "Steady",
  Resizing: "Resizing",
  Succeeded: "Succeeded",
  Running: "Running",
  Stopped: "Stopped",
};

/** What people call something; what is not known here stands as it is. */
export const termOf = (name: string | undefined, t: Translate): string =>
  name !== undefined && Object.hasOwn(TERMS, name) ? t(TERMS[name]) : (name ?? "");

/** The parts of a name of a program as words: `nullValueRate` and `null_value_rate` are "Null value rate". */
export function spaced(name: string): string {
  const text = name
    .replaceAll("_", " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
