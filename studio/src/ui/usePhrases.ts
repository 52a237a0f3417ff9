import { useMemo } from "react";
import { useT } from "../app/i18n";

/** What an editor says on its margin and in its search, by the words that it has for them itself. */
export function usePhrases(): Record<string, string> {
  const t = useT();
  return useMemo(
    () => ({
      "Fold line": t("Fold"),
      "Unfold line": t("Unfold"),
      "folded code": t("Folded"),
      unfold: t("Unfold"),
      Find: t("Find"),
      Replace: t("Replace with"),
      next: t("Next"),
      previous: t("Previous"),
      all: t("All"),
      "match case": t("Match case"),
      "by word": t("Whole words"),
      regexp: t("Regular expression"),
      replace: t("Replace"),
      "replace all": t("Replace all"),
      close: t("Close"),
    }),
    [t],
  );
}
