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
  Textarea,
} from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { linesOf, pairsOf } from "../../ui/pairs";
import { Problem } from "../../ui/Problem";
import { useFocusBack } from "../../ui/useFocusBack";
import { authOf, credentialsOf, hasSecret, hasUser } from "../create/credentials";
import type { Connection } from "./connections";

interface Props {
  connection: Connection;
  onClose: () => void;
}

/** Changes a connection. Its secret is never shown, and stays when no other is typed in. */
export function EditConnection({ connection: { name, properties }, onClose }: Props) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  useFocusBack();
  const known = properties.authType ?? "None";
  const authType = known === "None" ? (authOf(properties.category) ?? known) : known;
  const userBefore = properties.credentials?.username ?? "";
  const [target, setTarget] = useState(properties.target ?? "");
  const [metadata, setMetadata] = useState(linesOf(properties.metadata ?? {}));
  const [user, setUser] = useState(userBefore);
  const [secret, setSecret] = useState("");
  const credentials = {
    ...(user !== userBefore && { username: user }),
    ...(secret && credentialsOf(authType, secret)),
  };
  const isOpenedAnew = Object.keys(credentials).length > 0;
  const save = useMutation({
    mutationFn: () =>
      request(`${scope}/connections/${encodeURIComponent(name)}`, {
        method: "PATCH",
        body: {
          properties: {
            target: target.trim() || null,
            metadata: pairsOf(metadata),
            ...(isOpenedAnew && { authType, credentials }),
          },
        },
      }),
    onSuccess: async () => {
      setSecret("");
      await client.invalidateQueries({ queryKey: ["connections"] });
      onClose();
    },
  });
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Edit the connection {name}", { name })}</DialogTitle>
            <DialogContent className="fields">
              <Field label={t("Address")}>
                <Input value={target} autoFocus onChange={(_, { value }) => setTarget(value)} />
              </Field>
              <Field label={t("Metadata, one NAME=value a line")}>
                <Textarea rows={3} value={metadata} onChange={(_, { value }) => setMetadata(value)} />
              </Field>
              {hasUser(authType) && (
                <Field label={t("User")}>
                  <Input value={user} autoComplete="off" onChange={(_, { value }) => setUser(value)} />
                </Field>
              )}
              {hasSecret(authType) && (
                <Field
                  label={t("New secret")}
                  hint={
                    authType === "CustomKeys"
                      ? t("As key=value; the keys that are not named stay.")
                      : t("Left empty, the secret stays as it is.")
                  }
                >
                  <Input
                    type="password"
                    value={secret}
                    autoComplete="new-password"
                    onChange={(_, { value }) => setSecret(value)}
                  />
                </Field>
              )}
              {save.error && <Problem error={save.error} />}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>{t("Leave it")}</Button>
              <Button type="submit" appearance="primary" disabled={save.isPending}>
                {t("Save")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
