import { Button } from "@fluentui/react-components";
import { Delete16Regular, Delete20Regular } from "@fluentui/react-icons";
import { useState } from "react";
import { useT } from "../app/i18n";
import { Confirm } from "./Confirm";

interface Props {
  /** What is asked before. */
  question: string;
  /** What becomes of everything else. */
  children: string;
  /** In a row of a table: only the picture, with this name. */
  label?: string;
  onDelete: () => void;
}

/** Deletes something, once that is confirmed. */
export function DeleteButton({ question, children, label, onDelete }: Props) {
  const t = useT();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button
        size={label ? "small" : "medium"}
        icon={label ? <Delete16Regular /> : <Delete20Regular />}
        aria-label={label}
        title={label}
        onClick={() => setAsking(true)}
      >
        {label ? undefined : t("Delete")}
      </Button>
      {isAsking && (
        <Confirm title={question} action={t("Delete")} onConfirm={onDelete} onClose={() => setAsking(false)}>
          {children}
        </Confirm>
      )}
    </>
  );
}
