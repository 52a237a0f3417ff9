import { Button } from "@fluentui/react-components";
import { useT } from "../../app/i18n";
import type { Condition } from "./analysis";
import type { KeptCohorts } from "./useCohorts";

/** Keeps some rows as a cohort, once. */
export function KeepCohort(props: { cohorts: KeptCohorts; name: string; conditions: Condition[] }) {
  const t = useT();
  const { cohorts, name, conditions } = props;
  const isKept = cohorts.all.some((each) => each.name === name);
  return (
    <Button
      size="small"
      disabledFocusable={isKept}
      aria-label={isKept ? t("{name} is a cohort", { name }) : t("Keep {name} as a cohort", { name })}
      onClick={() => cohorts.add(name, conditions)}
    >
      {isKept ? t("Kept") : t("Keep as a cohort")}
    </Button>
  );
}
