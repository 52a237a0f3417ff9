import { Button, MessageBar, MessageBarActions, MessageBarBody } from "@fluentui/react-components";
import { lazy, Suspense, useState } from "react";
import { useT } from "../../app/i18n";
import { Waiting } from "../../ui/Waiting";
import type { OpenFile } from "./useFile";

const Difference = lazy(() => import("../../ui/Difference"));

/** Two people have changed the same: both are shown, and one of them is taken. */
export function Conflict<T>({ file, name, mine }: { file: OpenFile<T>; name: string; mine: string }) {
  const t = useT();
  const [isShown, setShown] = useState(false);
  if (!file.conflict) return null;
  return (
    <>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>
          {t("Somebody else has saved this file while you edit it. Nothing was overwritten.")}
        </MessageBarBody>
        <MessageBarActions>
          <Button size="small" onClick={() => setShown(!isShown)}>
            {t("Compare")}
          </Button>
          <Button size="small" disabled={file.conflict.text === null} onClick={file.takeTheirs}>
            {t("Take theirs")}
          </Button>
          <Button size="small" onClick={file.keepMine}>
            {t("Keep mine")}
          </Button>
        </MessageBarActions>
      </MessageBar>
      {isShown && file.conflict.text !== null && (
        <Suspense fallback={<Waiting />}>
          <Difference before={file.conflict.text} after={mine} name={name} labels={[t("Theirs"), t("Mine")]} />
        </Suspense>
      )}
    </>
  );
}
