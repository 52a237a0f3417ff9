import { ResponsibleTab } from "./ResponsibleTab";

/** The dashboards of a version of a model. */
export default function ModelTab({ name, version }: { name: string; version: string }) {
  return <ResponsibleTab model={`${name}:${version}`} />;
}
