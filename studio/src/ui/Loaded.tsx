import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem } from "./Problem";
import { Waiting } from "./Waiting";

/** What is made of an answer; until it is there, that it is on its way or why it does not come. */
export function Loaded<T>({ of, children }: { of: UseQueryResult<T>; children: (value: T) => ReactNode }) {
  if (of.data !== undefined) return children(of.data);
  if (of.error) return <Problem error={of.error} />;
  return <Waiting />;
}
