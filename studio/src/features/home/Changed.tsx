import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { onlineEndpoints } from "../../api/endpoints";
import { flows } from "../../api/flows";
import { assets } from "../../api/queries";
import type { AssetKind } from "../../api/types";
import { useT, type Message } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Section } from "../../ui/Section";
import { When } from "../../ui/time";

interface Change {
  key: string;
  link: ReactNode;
  about: string;
  at: string;
}

const MOST = 10;
const KINDS: [AssetKind, Message][] = [
  ["models", "Model"],
  ["data", "Data"],
  ["components", "Component"],
];

/** What of the workspace was changed last, whatever it is; jobs stand beside it. */
export function Changed() {
  const t = useT();
  const scope = useScope();
  const found = {
    models: useQuery(assets(scope, "models")),
    data: useQuery(assets(scope, "data")),
    components: useQuery(assets(scope, "components")),
  };
  const endpoints = useQuery(onlineEndpoints(scope));
  const written = useQuery(flows(scope));
  const all: Change[] = [
    ...KINDS.flatMap(([kind, word]) =>
      (found[kind as keyof typeof found].data ?? []).map(({ name, properties, systemData }) => ({
        key: `${kind}/${name}`,
        link: (
          <Link to="/assets/$kind/$name" params={{ kind, name }}>
            {name}
          </Link>
        ),
        about: `${t(word)} ${properties.latestVersion ?? ""}`,
        at: systemData.lastModifiedAt,
      })),
    ),
    ...(endpoints.data ?? []).map(({ name, systemData }) => ({
      key: `endpoint/${name}`,
      link: (
        <Link to="/endpoints/online/$name" params={{ name }}>
          {name}
        </Link>
      ),
      about: t("Endpoint"),
      at: systemData.lastModifiedAt,
    })),
    ...(written.data ?? []).map(({ name, displayName, updatedAt }) => ({
      key: `flow/${name}`,
      link: (
        <Link to="/flows/$name" params={{ name }}>
          {displayName || name}
        </Link>
      ),
      about: t("Flow"),
      at: updatedAt,
    })),
  ].sort((one, other) => other.at.localeCompare(one.at));
  return (
    <Section title={t("Changed lately")}>
      {all.length === 0 ? (
        <Empty>{t("Nothing here yet.")}</Empty>
      ) : (
        <ul className="lines">
          {all.slice(0, MOST).map(({ key, link, about, at }) => (
            <li key={key}>
              {link}
              <span className="faint">{about}</span>
              <When at={at} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
