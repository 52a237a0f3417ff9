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
import { isPairs, linesOf, pairsOf } from "../../ui/pairs";
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
  const metadataBefore = linesOf(properties.metadata ?? {});
  const [metadata, setMetadata] = useState(metadataBefore);
  const [user, setUser] = useState(userBefore);
  const [secret, setSecret] = useState("");
  const credentials = {
    ...(user !== userBefore && { username: user }),
    ...(secret && credentialsOf(authType, secret)),
  };
  const isReadable = metadata === metadataBefore || isPairs(metadata);
  const isKey = authType !== "CustomKeys" || !secret || /^[^=\s]+=./.test(secret);
  const isOpenedAnew = Object.keys(credentials).length > 0;
  const save = useMutation({
    mutationFn: () =>
      request(`${scope}/connections/${encodeURIComponent(name)}`, {
        method: "PATCH",
        body: {
          properties: {
            target: target.trim() || null,
            // Sent whole or not at all: a value that lines cannot show stays as it is.
            ...(metadata !== metadataBefore && { metadata: pairsOf(metadata) }),
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
              <Field
                label={t("Metadata, one NAME=value a line")}
                validationMessage={isReadable ? undefined : t("A line is no NAME=value.")}
              >
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
                  validationMessage={isKey ? undefined : t("Write it as key=value.")}
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
              <Button type="submit" appearance="primary" disabled={save.isPending || !isReadable || !isKey}>
                {t("Save")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
