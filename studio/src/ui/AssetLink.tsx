import { Link } from "@tanstack/react-router";

const ID = /\/(data|models|environments|components)\/([^/]+)\/versions\/([^/]+)$/i;
const JOB = /\/jobs\/([^/]+)$/i;
const COMPUTE = /\/computes\/([^/]+)$/i;

/** An ARM id as a link to the page of what it names; anything else as text. */
export function AssetLink({ id }: { id: string | null | undefined }) {
  if (!id) return null;
  const asset = ID.exec(id);
  if (asset) {
    const [, kind, name, version] = asset;
    return (
      <Link to="/assets/$kind/$name" params={{ kind: kind.toLowerCase(), name }} search={{ version }}>
        {name === "CliV2AnonymousEnvironment" ? version.slice(0, 12) : `${name}:${version}`}
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
