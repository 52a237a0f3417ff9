import { MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { ApiError } from "../api/client";
import { useT } from "../app/i18n";

/** What went wrong, in the words of the server, which also say what to do. */
export function Problem({ error }: { error: Error }) {
  const t = useT();
  return (
    <MessageBar intent="error" layout="multiline" className="problem">
      <MessageBarBody>
        <MessageBarTitle>{error instanceof ApiError ? error.code : t("This page failed")}</MessageBarTitle>
        {error.message}
      </MessageBarBody>
    </MessageBar>
  );
}
