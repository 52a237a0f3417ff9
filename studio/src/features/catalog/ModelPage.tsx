import { Badge } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy } from "react";
import { card, type Card } from "../../api/catalog";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Tabbed } from "../../ui/Tabbed";
import { BringIn } from "./BringIn";
import { CardFacts } from "./CardFacts";

const DeployTab = lazy(() => import("./DeployTab"));
const FineTuneTab = lazy(() => import("./FineTuneTab"));
const EvaluateTab = lazy(() => import("./EvaluateTab"));
const CodeTab = lazy(() => import("./CodeTab"));

const TABS = [
  { id: "details", title: "Details" },
  { id: "deploy", title: "Deploy" },
  { id: "finetune", title: "Fine-tune" },
  { id: "evaluate", title: "Evaluate" },
  { id: "code", title: "Code" },
] as const;

export interface CardProps {
  card: Card;
}

/** One model of the catalog. */
export function ModelPage() {
  const { name } = useParams({ from: "/catalog/$name" });
  const found = useQuery(card(useScope(), name));
  return <Loaded of={found}>{(value) => <Shown card={value} />}</Loaded>;
}

function Shown({ card: found }: CardProps) {
  const t = useT();
  const { tab } = useSearch({ from: "/catalog/$name" });
  const navigate = useNavigate({ from: "/catalog/$name" });
  const { properties } = found;
  const tabs = TABS.filter(({ id }) => id !== "finetune" || properties.fineTuningTasks.length > 0);
  const shown = tabs.find(({ id }) => id === tab)?.id ?? "details";
  return (
    <Page
      title={properties.displayName ?? found.name}
      above={<Link to="/catalog">{t("Model catalog")}</Link>}
      badge={properties.model ? <Badge color="success">{t("Here")}</Badge> : undefined}
      actions={<BringIn card={found} />}
    >
      {properties.summary && <p>{properties.summary}</p>}
      <Tabbed tabs={tabs} shown={shown} onShow={(id) => void navigate({ search: (old) => ({ ...old, tab: id }) })}>
        {shown === "details" && <CardFacts card={found} />}
        {shown === "deploy" && <DeployTab card={found} />}
        {shown === "finetune" && <FineTuneTab card={found} />}
        {shown === "evaluate" && <EvaluateTab card={found} />}
        {shown === "code" && <CodeTab card={found} />}
      </Tabbed>
    </Page>
  );
}
