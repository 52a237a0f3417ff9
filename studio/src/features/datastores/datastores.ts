import { queryOptions } from "@tanstack/react-query";
import { everything } from "../../api/client";
import type { Resource } from "../../api/types";

export interface DatastoreProperties {
  [key: string]: unknown;
  datastoreType: string;
  description?: string | null;
  isDefault: boolean;
  containerName?: string;
  accountName?: string;
  tags?: Record<string, string>;
}

export type Datastore = Resource<DatastoreProperties>;

export const datastores = (scope: string) =>
  queryOptions({
    queryKey: ["datastores", scope],
    queryFn: ({ signal }) => everything<Datastore>(`${scope}/datastores?count=1000`, signal),
  });

/** What stands below a datastore, as jobs and assets name it. */
export const addressIn = (datastore: string, path = ""): string => `azureml://datastores/${datastore}/paths/${path}`;
