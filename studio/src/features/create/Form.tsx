import { Button } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useT } from "../../app/i18n";
import { Problem } from "../../ui/Problem";

interface Props {
  onSubmit: () => void;
  isPending: boolean;
  isReady?: boolean;
  error: Error | null;
  action?: string;
  children: ReactNode;
}

/** Fields, what went wrong, and the button that sends them. */
export function Form({ onSubmit, isPending, isReady = true, error, action, children }: Props) {
  const t = useT();
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {error && <Problem error={error} />}
      <div>
        <Button appearance="primary" type="submit" disabled={isPending || !isReady}>
          {action ?? t("Create")}
        </Button>
      </div>
    </form>
  );
}
