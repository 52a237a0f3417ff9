import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { Bars } from "./Bars";
import type { Cell, Counterfactuals } from "./dashboards";
import { RowField, type AboutRow } from "./RowField";

const shown = (value: Cell): string =>
  typeof value === "number" ? String(Number(value.toPrecision(5))) : String(value ?? "–");

/** What would have to be otherwise of a row for the model to say otherwise. */
export function CounterfactualView({ of, ...about }: AboutRow & { of: Counterfactuals }) {
  const t = useT();
  const { data, row } = about;
  const found = of.cfs_list[row];
  const lines = of.feature_names.map((name, place) => {
    const now = data.features[row][data.feature_names.indexOf(name)];
    return { name, now, others: (found ?? []).map((each) => each[place]) };
  });
  const outcome = (value: Cell) =>
    data.class_names && typeof value === "number" ? data.class_names[value] : shown(value);
  const importance = of.summary_importance;
  return (
    <>
      <Section title={t("What would have to change")}>
        <RowField {...about} />
        {found ? (
          <Table
            label={t("What would have to change")}
            rows={lines}
            rowKey={({ name }) => name}
            columns={[
              { key: "name", title: t("Feature"), cell: ({ name }) => name },
              { key: "now", title: t("As it is"), cell: ({ now }) => shown(now) },
              ...found.map((each, place) => ({
                key: String(place),
                title: outcome(each[each.length - 1]),
                cell: ({ now, others }: (typeof lines)[number]) =>
                  others[place] === now ? "" : <strong>{shown(others[place])}</strong>,
              })),
            ]}
          />
        ) : (
          <Empty>
            {t("Nothing was found for this row: it is as wanted, or no change that is allowed makes it so.")}
          </Empty>
        )}
      </Section>
      {importance && (
        <Section title={t("What changes most often")}>
          <Bars
            label={t("What changes most often")}
            of={of.feature_names
              .map((label, place) => ({ label, value: importance[place] }))
              .sort((one, other) => other.value - one.value)}
          />
        </Section>
      )}
    </>
  );
}
