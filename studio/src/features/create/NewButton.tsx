import { Button } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useNavigate } from "@tanstack/react-router";
import { useT } from "../../app/i18n";

/** Leads to the form by which one more is made. */
export function NewButton({ kind }: { kind: string }) {
  const t = useT();
  const navigate = useNavigate();
  return (
    <Button
      appearance="primary"
      icon={<Add20Regular />}
      onClick={() => void navigate({ to: "/new/$kind", params: { kind } })}
    >
      {t("New")}
    </Button>
  );
}
