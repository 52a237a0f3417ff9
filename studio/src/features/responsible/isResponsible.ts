import type { Job } from "../../api/types";

const COMPONENT = "/components/rai_tabular_";
const OLDER = "/components/microsoft_azureml_rai_tabular_";
const TOLD = "_azureml.responsibleai.rai_insights.type";

/** Whether a job is a pipeline that makes a dashboard, or a step of one. */
export function isResponsible({ properties }: Job): boolean {
  if (properties.properties?.[TOLD]) return true;
  const text = JSON.stringify(properties.jobs ?? {});
  return text.includes(COMPONENT) || text.includes(OLDER);
}
