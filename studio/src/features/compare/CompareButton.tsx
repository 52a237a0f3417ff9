import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useT } from "../../app/i18n";

const MOST = 100;

/** Leads to the comparison of some runs, or of the first hundred of them. */
export function CompareButton({ names }: { names: readonly string[] }) {
  const t = useT();
  const navigate = useNavigate();
  const jobs = names.slice(0, MOST).join(",");
  return (
    <div className="filters">
      <Button onClick={() => void navigate({ to: "/compare", search: { jobs } })}>{t("Compare")}</Button>
    </div>
  );
}
