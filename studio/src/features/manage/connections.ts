import type { Resource } from "../../api/types";

/** A service outside; of what opens it, only what is no secret. */
export type Connection = Resource<{
  category: string;
  target?: string | null;
  authType?: string;
  metadata?: Record<string, string>;
  credentials?: { username?: string };
}>;
