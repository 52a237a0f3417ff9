import { queryOptions } from "@tanstack/react-query";
import { everything, query } from "../../api/client";
import type { Asset, AssetKind, Resource } from "../../api/types";

export interface RegistryProperties {
  [key: string]: unknown;
  discoveryUrl: string;
  mlFlowRegistryUri: string;
}

export type Registry = Resource<RegistryProperties> & { location: string; tags: Record<string, string> };

/** What of a registry is looked at, in the order of its tabs. */
export const SHARED: readonly AssetKind[] = ["models", "components", "environments", "data"];

/** The part of a workspace's id that its registries share with it. */
export const groupOf = (scope: string): string => scope.split("/providers/")[0];

export const registries = (scope: string) =>
  queryOptions({
    queryKey: ["registries", scope],
    queryFn: ({ signal }) =>
      everything<Registry>(
        `${scope.split("/resourceGroups/")[0]}/providers/Microsoft.MachineLearningServices/registries`,
        signal,
      ),
  });

export const sharedAssets = (registry: string, kind: AssetKind) =>
  queryOptions({
    queryKey: ["registries", registry, kind],
    queryFn: ({ signal }) => everything<Asset>(`${registry}/${kind}${query({ $top: 1000 })}`, signal),
  });
