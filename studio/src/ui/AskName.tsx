import {
  Button,
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
import { useT } from "../app/i18n";
import { useFocusBack } from "./useFocusBack";

interface Props {
  title: string;
  value: string;
  /** Why a name cannot be taken; empty when it can. */
  check: (name: string) => string;
  /** The value may be taken as it is: nothing has that name yet. */
  isNew?: boolean;
  onName: (name: string) => void;
  onClose: () => void;
}

/** Asks for one name. */
export function AskName({ title, value, check, isNew = false, onName, onClose }: Props) {
  const t = useT();
  useFocusBack();
  const [name, setName] = useState(value);
  const isSame = name === value && !isNew;
  const why = isSame ? "" : check(name);
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            if (why || !name) return;
            onName(name);
            onClose();
          }}
        >
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent>
              <Field label={t("Name")} validationMessage={why || undefined}>
                <Input value={name} autoFocus onChange={(_, data) => setName(data.value)} />
              </Field>
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>{t("Leave it")}</Button>
              <Button type="submit" appearance="primary" disabled={!name || isSame || why !== ""}>
                {t("Do it")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
