import { Button, MessageBar, MessageBarActions, MessageBarBody } from "@fluentui/react-components";
import { lazy, Suspense, useState } from "react";
import { useT } from "../../app/i18n";
import { Waiting } from "../../ui/Waiting";
import type { Draft } from "./drafts";
import type { useShared } from "./useShared";

const Difference = lazy(() => import("../../ui/Difference"));

/** Says when the draft of the workspace is another one than this, and what can be done. */
export function SharedBar({ draft, shared }: { draft: Draft; shared: ReturnType<typeof useShared> }) {
  const t = useT();
  const [isShown, setShown] = useState(false);
  if (shared.isGone) {
    return (
      <MessageBar intent="warning" layout="multiline" className="designer-notice">
        <MessageBarBody>{t("Somebody has removed this draft from the workspace. It is still here.")}</MessageBarBody>
        <MessageBarActions>
          <Button size="small" onClick={shared.saveAnew}>
            {t("Save it again")}
          </Button>
        </MessageBarActions>
      </MessageBar>
    );
  }
  if (!shared.conflict) return null;
  return (
    <>
      <MessageBar intent="warning" layout="multiline" className="designer-notice">
        <MessageBarBody>
          {t("Somebody else has saved this draft while you change it. Nothing was overwritten.")}
        </MessageBarBody>
        <MessageBarActions>
          <Button size="small" onClick={() => setShown(!isShown)}>
            {t("Compare")}
          </Button>
          <Button size="small" onClick={shared.take}>
            {t("Take theirs")}
          </Button>
          <Button size="small" onClick={shared.keep}>
            {t("Keep mine")}
          </Button>
        </MessageBarActions>
      </MessageBar>
      {isShown && (
        <Suspense fallback={<Waiting />}>
          <Difference
            before={shared.conflict.text}
            after={draft.text}
            name="pipeline.yml"
            labels={[t("Theirs"), t("Mine")]}
          />
        </Suspense>
      )}
    </>
  );
}
