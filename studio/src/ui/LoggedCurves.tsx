import { useMemo } from "react";
import { useT, type Message } from "../app/i18n";
import { color } from "./Chart";
import { EChart } from "./EChart";
import { middles, precisionRecall, roc, type Accuracy, type Logged, type Predictions, type Residuals } from "./logged";
import { LoggedValues, type Drawn, type Series } from "./LoggedValues";
import { short } from "./number";
import "./logged.css";

type Curved = Exclude<Logged, { schema_type: "confusion_matrix" }>;
type T = (message: Message) => string;

/** As many classes have a curve each. */
const MOST_CURVES = 12;

/** What is drawn of a table of numbers: two curves of an accuracy table, and one chart of the others. */
export default function LoggedCurves({ chart }: { chart: Curved }) {
  const t = useT();
  const drawn = useMemo(() => optionsOf(chart, t), [chart, t]);
  return (
    <>
      {drawn.map(({ title, option }) => (
        <div key={title} className="logged">
          <h3>{title}</h3>
          <EChart option={option} label={title} />
          <LoggedValues of={option} />
        </div>
      ))}
    </>
  );
}

function optionsOf(chart: Curved, t: T): { title: string; option: Drawn }[] {
  if (chart.schema_type === "accuracy_table") {
    return [
      {
        title: t("ROC curve"),
        option: {
          ...axes(t("False positive rate"), t("True positive rate")),
          ...curves(chart.data, roc, [
            [0, 0],
            [1, 1],
          ]),
        },
      },
      {
        title: t("Precision and recall"),
        option: { ...axes(t("Recall"), t("Precision")), ...curves(chart.data, precisionRecall) },
      },
    ];
  }
  if (chart.schema_type === "residuals") return [{ title: t("Residuals"), option: residuals(chart.data, t) }];
  return [{ title: t("Predicted and true values"), option: predicted(chart.data, t) }];
}

const axis = (name: string, gap: number) => ({
  type: "value",
  name,
  nameLocation: "middle",
  nameGap: gap,
  scale: true,
});

const axes = (across: string, up: string) => ({
  grid: { left: 64, right: 24, top: 40, bottom: 52 },
  tooltip: { trigger: "item", valueFormatter: (value: unknown) => short(Number(value)) },
  xAxis: axis(across, 30),
  yAxis: axis(up, 44),
});

function curves(of: Accuracy, line: typeof roc, chance?: [number, number][]) {
  const labels = of.class_labels.slice(0, MOST_CURVES);
  const series: Series[] = labels.map((name, index) => ({
    name,
    type: "line",
    showSymbol: false,
    color: color(index),
    data: line(of.probability_tables[index] ?? []),
  }));
  if (chance)
    series.push({
      type: "line",
      showSymbol: false,
      silent: true,
      color: "#8a8a8a",
      lineStyle: { type: "dashed" },
      data: chance,
    });
  return { legend: { type: "scroll", top: 4, data: labels }, series };
}

function residuals({ bin_edges: edges, bin_counts: counts }: Residuals, t: T) {
  const at = middles(edges).map((each) => short(each));
  return {
    ...axes(t("Predicted less true"), t("Rows")),
    xAxis: { type: "category", data: at, name: t("Predicted less true"), nameLocation: "middle", nameGap: 30 },
    // Bars are as long as there are rows: their axis begins at none.
    yAxis: { ...axis(t("Rows"), 44), scale: false },
    series: [{ type: "bar", barCategoryGap: "8%", data: counts }],
  };
}

function predicted(
  { bin_edges: edges, bin_averages: means, bin_errors: errors, bin_counts: counts }: Predictions,
  t: T,
) {
  const at = middles(edges);
  const known = at.map((x, index) => ({ x, index })).filter(({ index }) => counts[index] > 0);
  const line = (name: string, y: (index: number, x: number) => number, type: "solid" | "dashed" | "dotted") => ({
    name,
    type: "line",
    showSymbol: type === "solid",
    lineStyle: { type },
    data: known.map(({ x, index }): [number, number] => [x, y(index, x)]),
  });
  return {
    ...axes(t("True value"), t("Predicted value")),
    legend: { top: 4 },
    series: [
      line(t("Mean prediction"), (index) => means[index], "solid"),
      line(t("One deviation above"), (index) => means[index] + errors[index], "dotted"),
      line(t("One deviation below"), (index) => means[index] - errors[index], "dotted"),
      line(t("Ideal"), (_, x) => x, "dashed"),
    ],
  };
}
