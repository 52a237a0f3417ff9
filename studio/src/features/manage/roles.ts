import { queryOptions } from "@tanstack/react-query";
import { json } from "../../api/client";
import { list } from "../../api/queries";

export interface Role {
  id: string;
  properties: { roleName: string; type: string; description: string };
}

export interface Person {
  id: string;
  name: string;
  kind: string;
}

export const AUTHORIZATION = "/providers/Microsoft.Authorization";

export const rolesOf = (scope: string) => list<Role>(`${scope}${AUTHORIZATION}/roleDefinitions`, "access");

/** Who looks at the page, and what they may do beyond its workspace. */
export const me = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => json<{ id: string; mayAddActors: boolean }>("/smalt/me", { signal }),
});
