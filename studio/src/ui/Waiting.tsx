import { Spinner } from "@fluentui/react-components";
import { useT } from "../app/i18n";

/** Something is on its way. */
export function Waiting() {
  const t = useT();
  return <Spinner className="waiting" size="small" aria-label={t("Loading")} />;
}
