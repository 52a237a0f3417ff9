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
  Select,
} from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Copied } from "../../ui/Copied";
import { Problem } from "../../ui/Problem";
import { useFocusBack } from "../../ui/useFocusBack";
import { AUTHORIZATION, rolesOf, type Person } from "./roles";

const DAYS = 90;

/** Adds somebody who can sign in, with a role in this workspace; their first token is shown this once. */
export function AddPerson({ onClose }: { onClose: () => void }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  useFocusBack();
  const roles = useQuery(rolesOf(scope));
  const [name, setName] = useState("");
  const [kind, setKind] = useState("user");
  const [role, setRole] = useState("");
  // Kept for another try: whoever has been added is not added again when the role was refused.
  const [added, setAdded] = useState<Person>();
  const [assignment] = useState(() => crypto.randomUUID());
  const add = useMutation({
    mutationFn: async () => {
      const person = added ?? (await json<Person>("/smalt/actors", { method: "POST", body: { name, kind } }));
      setAdded(person);
      await json(`${scope}${AUTHORIZATION}/roleAssignments/${assignment}`, {
        method: "PUT",
        body: { properties: { roleDefinitionId: role, principalId: person.id } },
      });
      const expiresAt = new Date(Date.now() + DAYS * 86_400_000).toISOString();
      const body = { name: "first", expiresAt };
      return json<{ token: string }>(`/smalt/actors/${encodeURIComponent(person.id)}/tokens`, { method: "POST", body });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["access"] }),
  });
  return (
    <Dialog
      open
      modalType={add.data ? "alert" : "modal"}
      // What is shown once, or is about to be, does not go by a key that was pressed too often.
      onOpenChange={(_, { open }) => !open && !add.isPending && !add.data && onClose()}
    >
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{add.data ? t("{name} is added", { name }) : t("Add a person")}</DialogTitle>
            {add.data ? (
              <DialogContent>
                <p>
                  <strong>{t("This is shown once.")}</strong>{" "}
                  {t("A token that signs them in, here and in a terminal, for {count} days.", { count: DAYS })}
                </p>
                <Copied text={add.data.token} />
              </DialogContent>
            ) : (
              <DialogContent className="fields">
                <Field label={t("Name")} required>
                  <Input
                    value={name}
                    autoFocus
                    autoComplete="off"
                    disabled={added !== undefined}
                    onChange={(_, { value }) => setName(value)}
                  />
                </Field>
                <Field label={t("Type")}>
                  <Select value={kind} disabled={added !== undefined} onChange={(_, { value }) => setKind(value)}>
                    <option value="user">{t("A person")}</option>
                    <option value="service_principal">{t("A program")}</option>
                  </Select>
                </Field>
                <Field label={t("Role in this workspace")} required>
                  <Select value={role} onChange={(_, { value }) => setRole(value)}>
                    <option value="" />
                    {(roles.data ?? []).map(({ id, properties }) => (
                      <option key={id} value={id} title={properties.description}>
                        {properties.roleName}
                      </option>
                    ))}
                  </Select>
                </Field>
                {add.error && <Problem error={add.error} />}
              </DialogContent>
            )}
            <DialogActions>
              {add.data ? (
                <Button appearance="primary" onClick={onClose}>
                  {t("Close")}
                </Button>
              ) : (
                <>
                  <Button disabled={add.isPending} onClick={onClose}>
                    {t("Leave it")}
                  </Button>
                  <Button type="submit" appearance="primary" disabled={!name.trim() || !role || add.isPending}>
                    {t("Add")}
                  </Button>
                </>
              )}
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
