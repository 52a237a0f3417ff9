import { Button, Input, MessageBar, MessageBarActions, MessageBarBody } from "@fluentui/react-components";
import { Save20Regular } from "@fluentui/react-icons";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useT } from "../../app/i18n";
import { Confirm } from "../../ui/Confirm";
import { useDraft } from "./useDraft";

/** Says what is not saved yet, and saves it; Ctrl+S does as well. */
export function SaveBar() {
  const t = useT();
  const { flow, edits, isDirty, isSaving, isBehind, save, discard } = useDraft();
  const navigate = useNavigate({ from: "/flows/$name" });
  const [message, setMessage] = useState("");
  const [isAsking, setAsking] = useState(false);
  const merge = () => void navigate({ search: (old) => ({ wsid: old.wsid, tab: "history", merge: "yes" }) });
  const store = async () => {
    if (isBehind) return merge();
    if (await save(message)) setMessage("");
  };
  const latest = useRef(store);
  latest.current = async () => {
    if (isDirty && !isSaving) await store();
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      // A field that is being typed into gives its value when it is left.
      if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
      setTimeout(() => void latest.current());
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  if (!isDirty) return null;
  return (
    <>
      {isBehind && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            {t("{name} has saved version {version} while you edit version {base}.", {
              name: flow.updatedBy,
              version: flow.latestVersion,
              base: edits.base,
            })}
          </MessageBarBody>
          <MessageBarActions>
            <Button size="small" onClick={merge}>
              {t("Bring both together")}
            </Button>
          </MessageBarActions>
        </MessageBar>
      )}
      <form
        className="save-bar"
        onSubmit={(event) => {
          event.preventDefault();
          void store();
        }}
      >
        <span title={Object.keys(edits.files).join("\n")}>
          {t("Not saved: {files}", { files: Object.keys(edits.files).join(", ") })}
        </span>
        <Input
          size="small"
          value={message}
          aria-label={t("What was changed")}
          placeholder={t("What was changed")}
          onChange={(_, { value }) => setMessage(value)}
        />
        <Button size="small" appearance="primary" type="submit" icon={<Save20Regular />} disabled={isSaving}>
          {t("Save")}
        </Button>
        <Button size="small" onClick={() => setAsking(true)}>
          {t("Discard")}
        </Button>
        {isAsking && (
          <Confirm
            title={t("Discard what is not saved?")}
            action={t("Discard")}
            onConfirm={discard}
            onClose={() => setAsking(false)}
          >
            {t("The flow is then as it was saved last.")}
          </Confirm>
        )}
      </form>
    </>
  );
}
