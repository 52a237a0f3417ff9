import { useState } from "react";
import type { Cohort, Condition } from "./analysis";

export interface KeptCohorts {
  all: Cohort[];
  add: (name: string, conditions: Condition[]) => void;
  remove: (name: string) => void;
}

/** The cohorts of a dashboard, kept in this browser. */
export function useCohorts(job: string): KeptCohorts {
  const key = `smalt.cohorts.${job}`;
  const [all, setAll] = useState<Cohort[]>(() => kept(key));
  const keep = (next: Cohort[]) => {
    localStorage.setItem(key, JSON.stringify(next));
    setAll(next);
  };
  return {
    all,
    add: (name, conditions) => keep([...all.filter((each) => each.name !== name), { name, conditions }]),
    remove: (name) => keep(all.filter((each) => each.name !== name)),
  };
}

function kept(key: string): Cohort[] {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "[]") as Cohort[];
  } catch {
    return [];
  }
}
