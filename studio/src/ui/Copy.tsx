import { Button } from "@fluentui/react-components";
import { Copy16Regular } from "@fluentui/react-icons";
import { useT } from "../app/i18n";
import { showNotice } from "./Notices";

export function Copy({ text }: { text: string }) {
  const t = useT();
  return (
    <Button
      size="small"
      appearance="subtle"
      icon={<Copy16Regular />}
      aria-label={t("Copy")}
      title={t("Copy")}
      onClick={() => void navigator.clipboard.writeText(text).then(() => showNotice("success", t("Copied.")))}
    />
  );
}
