import { Button, Field, Select } from "@fluentui/react-components";
import { PersonAdd20Regular, PersonDelete20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../../api/client";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { termOf } from "../../ui/terms";
import { When } from "../../ui/time";
import { AddPerson } from "./AddPerson";
import { AUTHORIZATION, me, rolesOf, type Person } from "./roles";

interface Assignment {
  id: string;
  name: string;
  properties: {
    roleDefinitionName: string;
    principalId: string;
    principalName: string;
    principalType: string;
    scope: string;
    createdOn: string;
  };
}

/** Who may do what in the workspace. */
export function AccessPage() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const found = useQuery(list<Assignment>(`${scope}${AUTHORIZATION}/roleAssignments`, "access"));
  const mayAdd = useQuery(me).data?.mayAddActors ?? false;
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Assignment>();
  const take = useMutation({
    mutationFn: (assignment: Assignment) => json(assignment.id, { method: "DELETE" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["access"] }),
  });
  return (
    <Page
      title={t("Access")}
      actions={
        mayAdd && (
          <Button appearance="primary" icon={<PersonAdd20Regular />} onClick={() => setAdding(true)}>
            {t("Add a person")}
          </Button>
        )
      }
    >
      <Section title={t("Who holds which role")}>
        <Loaded of={found}>
          {(assignments) => (
            <Table
              label={t("Who holds which role")}
              rows={assignments}
              rowKey={({ id }) => id}
              columns={[
                { key: "who", title: t("Who"), cell: ({ properties }) => <strong>{properties.principalName}</strong> },
                { key: "kind", title: t("Type"), cell: ({ properties }) => termOf(properties.principalType, t) },
                { key: "role", title: t("Role"), cell: ({ properties }) => properties.roleDefinitionName },
                {
                  key: "scope",
                  title: t("Where"),
                  cell: ({ properties }) =>
                    properties.scope.toLowerCase() === scope.toLowerCase() ? (
                      t("This workspace")
                    ) : properties.scope === "/" ? (
                      t("Everywhere")
                    ) : (
                      <code className="wrap">{properties.scope}</code>
                    ),
                },
                { key: "at", title: t("Since"), cell: ({ properties }) => <When at={properties.createdOn} /> },
                {
                  key: "take",
                  title: <span className="visually-hidden">{t("Actions")}</span>,
                  cell: (assignment) => (
                    <Button
                      size="small"
                      appearance="subtle"
                      icon={<PersonDelete20Regular />}
                      aria-label={t("Take the role {role} from {name}", {
                        role: assignment.properties.roleDefinitionName,
                        name: assignment.properties.principalName,
                      })}
                      onClick={() => setLeaving(assignment)}
                    />
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </Section>
      <Section title={t("Give a role in this workspace")}>
        <Give />
      </Section>
      <Section title={t("What the roles may do")}>
        <Roles held={found.data ?? []} />
      </Section>
      {isAdding && <AddPerson onClose={() => setAdding(false)} />}
      {leaving && (
        <Confirm
          title={t("Take this role away?")}
          action={t("Take it away")}
          onConfirm={() => take.mutate(leaving)}
          onClose={() => setLeaving(undefined)}
        >
          {`${leaving.properties.principalName}: ${leaving.properties.roleDefinitionName}`}
        </Confirm>
      )}
    </Page>
  );
}

/** Every role that can be given here, for whoever does not know them by name. */
function Roles({ held }: { held: readonly Assignment[] }) {
  const t = useT();
  const found = useQuery(rolesOf(useScope()));
  // Somebody may hold a role both here and above.
  const holders = (role: string) =>
    new Set(
      held
        .filter(({ properties }) => properties.roleDefinitionName === role)
        .map(({ properties }) => properties.principalId),
    ).size;
  return (
    <Loaded of={found}>
      {(roles) => (
        <Table
          label={t("What the roles may do")}
          rows={roles}
          rowKey={({ id }) => id}
          columns={[
            { key: "role", title: t("Role"), cell: ({ properties }) => <strong>{properties.roleName}</strong> },
            { key: "type", title: t("Type"), cell: ({ properties }) => termOf(properties.type, t) },
            { key: "what", title: t("Description"), cell: ({ properties }) => properties.description },
            {
              key: "held",
              title: t("Held by"),
              isNumber: true,
              cell: ({ properties }) => holders(properties.roleName),
            },
          ]}
        />
      )}
    </Loaded>
  );
}

function Give() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const people = useQuery(list<Person>("/smalt/actors", "access"));
  const roles = useQuery(rolesOf(scope));
  const [person, setPerson] = useState("");
  const [role, setRole] = useState("");
  const give = useMutation({
    mutationFn: () =>
      json(`${scope}${AUTHORIZATION}/roleAssignments/${crypto.randomUUID()}`, {
        method: "PUT",
        body: { properties: { roleDefinitionId: role, principalId: person } },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["access"] }),
  });
  return (
    <Loaded of={people}>
      {(everyone) => (
        <form
          className="filters"
          onSubmit={(event) => {
            event.preventDefault();
            give.mutate();
          }}
        >
          <Field label={t("Who")}>
            <Select value={person} onChange={(_, { value }) => setPerson(value)}>
              <option value="" />
              {everyone.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t("Role")}>
            <Select value={role} onChange={(_, { value }) => setRole(value)}>
              <option value="" />
              {(roles.data ?? []).map(({ id, properties }) => (
                <option key={id} value={id} title={properties.description}>
                  {properties.roleName}
                </option>
              ))}
            </Select>
          </Field>
          <Button type="submit" icon={<PersonAdd20Regular />} disabled={!person || !role || give.isPending}>
            {t("Give")}
          </Button>
        </form>
      )}
    </Loaded>
  );
}
