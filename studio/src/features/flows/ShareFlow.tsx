import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  Input,
  Select,
} from "@fluentui/react-components";
import { Share20Regular } from "@fluentui/react-icons";
import { useState } from "react";
import type { Flow } from "../../api/flows";
import { useT } from "../../app/i18n";
import { useWorkspace } from "../../app/workspace";
import { Copied } from "../../ui/Copied";
import { Problem } from "../../ui/Problem";
import { useClone } from "./useClone";

/** Gives a flow to others: its address to whoever is in this workspace, a copy to those of another. */
export function ShareFlow({ flow }: { flow: Flow }) {
  const t = useT();
  const { scope, all } = useWorkspace();
  const others = all.filter(({ id }) => id !== scope);
  const [isOpen, setOpen] = useState(false);
  const [into, setInto] = useState("");
  const [name, setName] = useState(flow.name);
  const clone = useClone(flow.name);
  const address = `${location.origin}/studio/flows/${encodeURIComponent(flow.name)}?wsid=${encodeURIComponent(scope)}`;
  return (
    <Dialog open={isOpen} onOpenChange={(_, { open }) => setOpen(open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button icon={<Share20Regular />}>{t("Share")}</Button>
      </DialogTrigger>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            clone.mutate({ name, version: flow.latestVersion, into });
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Share this flow")}</DialogTitle>
            <DialogContent className="fields">
              <Field
                label={t("Address")}
                hint={t("Whoever sees this workspace opens it there, and edits or clones it.")}
              >
                <Copied text={address} />
              </Field>
              {others.length > 0 && (
                <>
                  <Field label={t("Copy it to another workspace")}>
                    <Select value={into} onChange={(_, { value }) => setInto(value)}>
                      <option value="">–</option>
                      {others.map((each) => (
                        <option key={each.id} value={each.id}>
                          {each.name}
                        </option>
                      ))}
                    </Select>
                  </Field>
                  {into && (
                    <Field label={t("Name")}>
                      <Input value={name} onChange={(_, { value }) => setName(value)} />
                    </Field>
                  )}
                </>
              )}
              {clone.error && <Problem error={clone.error} />}
            </DialogContent>
            <DialogActions>
              <DialogTrigger disableButtonEnhancement>
                <Button>{t("Close")}</Button>
              </DialogTrigger>
              {into && (
                <Button appearance="primary" type="submit" disabled={!name || clone.isPending}>
                  {t("Copy the flow")}
                </Button>
              )}
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
