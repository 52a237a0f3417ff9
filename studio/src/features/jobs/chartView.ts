/** How charts are looked at: it stands in the address, so that a link shows others the same. */
import { useNavigate, useSearch } from "@tanstack/react-router";

export const VIEW_KEYS = ["axis", "scale", "smoothing", "system"] as const;

export interface ChartView {
  axis: "step" | "time";
  isLog: boolean;
  /** Weight of what came before, from 0 to below 1. */
  smoothing: number;
  showsSystem: boolean;
}

const MOST_SMOOTHING = 0.95;

/** The view of the address, and how it is changed. */
export function useChartView(): [ChartView, (change: Partial<ChartView>) => void] {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const smoothing = Number(search.smoothing ?? 0);
  const view: ChartView = {
    axis: search.axis === "time" ? "time" : "step",
    isLog: search.scale === "log",
    smoothing: smoothing > 0 ? Math.min(smoothing, MOST_SMOOTHING) : 0,
    showsSystem: search.system === "yes",
  };
  const change = (part: Partial<ChartView>) => {
    const next = { ...view, ...part };
    const words = {
      axis: next.axis === "time" ? "time" : undefined,
      scale: next.isLog ? "log" : undefined,
      smoothing: next.smoothing > 0 ? String(next.smoothing) : undefined,
      system: next.showsSystem ? "yes" : undefined,
    };
    void navigate({ to: ".", search: (old) => ({ ...old, ...words }), replace: true });
  };
  return [view, change];
}
