import { useT } from "../../app/i18n";
import { isName } from "./references";

/** Says why a node or variant cannot be called so; nothing when it can. */
export function useNameCheck(taken: readonly string[]): (name: string) => string {
  const t = useT();
  return (name) => {
    if (!isName(name)) return t("Letters, digits and underscores make a name.");
    return taken.includes(name) ? t("There is one already.") : "";
  };
}
