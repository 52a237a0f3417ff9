import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Section } from "../../ui/Section";
import { relations } from "../lineage/relations";

/** The endpoints that answer with a version of a model. */
export function ServedBy({ name, version }: { name: string; version: string }) {
  const t = useT();
  const found = useQuery(relations(useScope(), "models", name, version));
  const start = found.data?.start;
  const reached = new Set(found.data?.edges.filter(({ from }) => from === start).map(({ to }) => to));
  const endpoints = (found.data?.nodes ?? []).filter(({ id, kind }) => reached.has(id) && kind.endsWith("Endpoints"));
  if (endpoints.length === 0) return null;
  return (
    <Section title={t("Endpoints that serve it")}>
      <ul className="lines">
        {endpoints.map((each) => (
          <li key={each.id}>
            <Link
              to={each.kind === "onlineEndpoints" ? "/endpoints/online/$name" : "/endpoints/batch/$name"}
              params={{ name: each.name }}
            >
              {each.title}
            </Link>
            <span className="faint">{each.about}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
