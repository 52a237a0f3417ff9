import { BarChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useTheme } from "../app/theme";
import { short } from "./number";

use([
  BarChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  ParallelComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

/**
 * Names what the pointer is at, with its value on each axis. It is drawn into the chart: as HTML it would bring styles that the page's policy
 * refuses.
 */
export const told = (axes: readonly string[]) => ({
  renderMode: "richText",
  confine: true,
  formatter: ({ name, value }: { name: string; value: readonly (number | string)[] }) =>
    [name, ...axes.map((axis, index) => `${axis}: ${short(value[index])}`)].join("\n"),
});

/** A chart of ECharts, drawn anew when what it shows changes. */
export function EChart({ option, label }: { option: EChartsCoreOption; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const { shown } = useTheme();
  useEffect(() => {
    if (!box.current) return undefined;
    const chart = init(box.current, shown === "dark" ? "dark" : undefined);
    chart.setOption({ backgroundColor: "transparent", animation: false, ...option });
    const watcher = new ResizeObserver(() => chart.resize());
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      chart.dispose();
    };
  }, [option, shown]);
  return <div ref={box} className="echart" role="img" aria-label={label} />;
}
