import { Link } from "@tanstack/react-router";
import { useT } from "../app/i18n";

const ID = /\/(data|models|environments|components)\/([^/]+)\/versions\/([^/]+)$/i;
const JOB = /\/jobs\/([^/]+)$/i;
/** What was made without a name has one of its content. */
const UNNAMED = /^anonymous-|^CliV2AnonymousEnvironment$|^azureml_anonymous$/;

/** Whether a name is none that somebody has given. */
export const isUnnamed = (name: string): boolean => UNNAMED.test(name);
const COMPUTE = /\/computes\/([^/]+)$/i;

/** An ARM id as a link to the page of what it names; anything else as text. */
export function AssetLink({ id }: { id: string | null | undefined }) {
  const t = useT();
  if (!id) return null;
  const asset = ID.exec(id);
  if (asset) {
    const [, kind, name, version] = asset;
    return (
      <Link to="/assets/$kind/$name" params={{ kind: kind.toLowerCase(), name }} search={{ version }}>
        {isUnnamed(name) ? <span title={`${name}:${version}`}>{t("Unnamed")}</span> : `${name}:${version}`}
      </Link>
    );
  }
  const job = JOB.exec(id);
  if (job) {
    return (
      <Link to="/jobs/$name" params={{ name: job[1] }}>
        {job[1]}
      </Link>
    );
  }
  const compute = COMPUTE.exec(id);
  if (compute) return <Link to="/compute">{compute[1]}</Link>;
  const path = id.split("/paths/").at(1);
  if (!path) return <code className="wrap">{id}</code>;
  return (
    <code className="wrap" title={id}>
      …/{path}
    </code>
  );
}
