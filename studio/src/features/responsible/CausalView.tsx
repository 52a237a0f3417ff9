import { useT } from "../../app/i18n";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import type { Causal, Effect, Policy } from "./dashboards";
import { RowField, type AboutRow } from "./RowField";

const SIGNS: Record<string, [right: string, left: string]> = { gt: [">", "≤"], eq: ["=", "≠"] };

/** What changing a feature does to the outcome: on average, for a row, and whom to treat how. */
export function CausalView({ of, ...about }: AboutRow & { of: Causal }) {
  const t = useT();
  return (
    <>
      <Section title={t("Effects over all rows")}>
        <p className="faint">
          {t("What one more of a feature, or another category of it, does to the outcome, all else being equal.")}
        </p>
        <Effects label={t("Effects over all rows")} of={of.global_effects} />
      </Section>
      <Section title={t("Effects for one row")}>
        <RowField {...about} />
        <Effects label={t("Effects for one row")} of={of.local_effects[about.row] ?? []} />
      </Section>
      {of.policies.map(({ treatment_feature, policy_tree }) => (
        <Section key={treatment_feature} title={t("Whom to treat how: {feature}", { feature: treatment_feature })}>
          <ul className="policy">
            <Branch of={policy_tree} />
          </ul>
        </Section>
      ))}
    </>
  );
}

function Effects({ of, label }: { of: Effect[]; label: string }) {
  const t = useT();
  return (
    <Table
      label={label}
      rows={of}
      rowKey={({ feature, feature_value }) => `${feature} ${feature_value}`}
      columns={[
        { key: "feature", title: t("Feature"), cell: ({ feature }) => feature },
        { key: "value", title: t("Treatment"), cell: ({ feature_value }) => treatment(feature_value) },
        { key: "point", title: t("Effect"), isNumber: true, cell: ({ point }) => short(point) },
        {
          key: "interval",
          title: t("Confidence interval"),
          isNumber: true,
          cell: ({ ci_lower, ci_upper }) => `${short(ci_lower)} – ${short(ci_upper)}`,
        },
        { key: "p", title: t("p-value"), isNumber: true, cell: ({ p_value }) => short(p_value) },
      ]}
    />
  );
}

/** `num` is one more; `bva` is b instead of a. */
const treatment = (text: string): string => (text === "num" ? "+1" : text);

function Branch({ of, when }: { of: Policy; when?: string }) {
  const t = useT();
  if (of.leaf) {
    return (
      <li>
        {when && <span>{when}: </span>}
        <strong>{of.treatment}</strong> <span className="faint">{t("{count} rows", { count: of.n_samples })}</span>
      </li>
    );
  }
  const [right, left] = SIGNS[of.right_comparison] ?? [of.right_comparison, "≠"];
  const value = typeof of.comparison_value === "number" ? short(of.comparison_value) : String(of.comparison_value);
  return (
    <li>
      {when ?? t("All rows")}
      <ul>
        <Branch of={of.left} when={`${of.feature} ${left} ${value}`} />
        <Branch of={of.right} when={`${of.feature} ${right} ${value}`} />
      </ul>
    </li>
  );
}
