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
import { When } from "../../ui/time";

interface Assignment {
  id: string;
  name: string;
  properties: {
    roleDefinitionName: string;
    principalName: string;
    principalType: string;
    scope: string;
    createdOn: string;
  };
}

interface Role {
  id: string;
  properties: { roleName: string; description: string };
}

interface Person {
  id: string;
  name: string;
  kind: string;
}

const AUTHORIZATION = "/providers/Microsoft.Authorization";

/** Who may do what in the workspace. */
export function AccessPage() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const found = useQuery(list<Assignment>(`${scope}${AUTHORIZATION}/roleAssignments`, "access"));
  const [leaving, setLeaving] = useState<Assignment>();
  const take = useMutation({
    mutationFn: (assignment: Assignment) => json(assignment.id, { method: "DELETE" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["access"] }),
  });
  return (
    <Page title={t("Access")}>
      <Section title={t("Who holds which role")}>
        <Loaded of={found}>
          {(assignments) => (
            <Table
              label={t("Who holds which role")}
              rows={assignments}
              rowKey={({ id }) => id}
              columns={[
                { key: "who", title: t("Who"), cell: ({ properties }) => <strong>{properties.principalName}</strong> },
                { key: "kind", title: t("Type"), cell: ({ properties }) => properties.principalType },
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

function Give() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const people = useQuery(list<Person>("/smalt/actors", "access"));
  const roles = useQuery(list<Role>(`${scope}${AUTHORIZATION}/roleDefinitions`, "access"));
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
