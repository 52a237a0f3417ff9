import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useT } from "../../app/i18n";

const MOST = 100;

/** Leads to the comparison of some runs, or of the first hundred of them; beside what else can be done with them. */
export function CompareButton({ names, children }: { names: readonly string[]; children?: ReactNode }) {
  const t = useT();
  const navigate = useNavigate();
  const jobs = names.slice(0, MOST).join(",");
  return (
    <div className="filters">
      {children}
      <Button onClick={() => void navigate({ to: "/compare", search: { jobs } })}>{t("Compare")}</Button>
    </div>
  );
}
