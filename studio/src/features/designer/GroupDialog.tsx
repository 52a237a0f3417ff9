import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
} from "@fluentui/react-components";
import { useState } from "react";
import { useT } from "../../app/i18n";
import { freeName } from "./changes";
import { refusal } from "./grouping";
import type { Model } from "./pipeline";
import type { Value } from "./yaml";
import { useFocusBack } from "../../ui/useFocusBack";

interface Props {
  model: Model;
  settings: Value | undefined;
  /** The step that is open, which is chosen beforehand. */
  chosen?: string;
  onGroup: (steps: string[], name: string) => void;
  onClose: () => void;
}

/** Which steps become one, and what that is called. */
export function GroupDialog({ model, settings, chosen, onGroup, onClose }: Props) {
  const t = useT();
  useFocusBack();
  const [steps, setSteps] = useState<string[]>(chosen ? [chosen] : []);
  const [wished, setWished] = useState("group");
  const names = model.steps.map(({ name }) => name);
  const name = freeName(
    wished,
    names.filter((each) => !steps.includes(each)),
  );
  const why = steps.length > 0 ? refusal(model, steps, settings) : null;
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (steps.length === 0 || why) return;
            onGroup(steps, name);
            onClose();
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Group steps into a pipeline of their own")}</DialogTitle>
            <DialogContent>
              <Field label={t("Name")} hint={name === wished ? undefined : name}>
                <Input value={wished} onChange={(_, { value }) => setWished(value)} />
              </Field>
              <Field
                label={t("Steps")}
                validationState={why ? "error" : "none"}
                validationMessage={why ? t(why) : undefined}
              >
                <div role="group" aria-label={t("Steps")} className="choices">
                  {model.steps.map((each) => (
                    <Checkbox
                      key={each.name}
                      label={each.title}
                      checked={steps.includes(each.name)}
                      onChange={(_, { checked }) =>
                        setSteps((old) => (checked ? [...old, each.name] : old.filter((other) => other !== each.name)))
                      }
                    />
                  ))}
                </div>
              </Field>
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>{t("Leave it")}</Button>
              <Button type="submit" appearance="primary" disabled={steps.length === 0 || why !== null}>
                {t("Make a group")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
