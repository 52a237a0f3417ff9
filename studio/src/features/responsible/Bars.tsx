import { short } from "../../ui/number";

export interface Bar {
  label: string;
  value: number;
  /** What stands beside it; the value, if nothing else. */
  text?: string;
}

/** Values beside one another; those below zero in another colour. */
export function Bars({ of, label }: { of: Bar[]; label: string }) {
  const most = Math.max(...of.map(({ value }) => Math.abs(value)).filter(Number.isFinite), Number.MIN_VALUE);
  return (
    <ul className="values insight-bars" aria-label={label}>
      {of.map((each) => (
        <li key={each.label}>
          <span className="two-lines">
            <span>{each.label}</span>
          </span>
          <span
            className={each.value < 0 ? "bar below" : "bar"}
            style={{ width: `${Number.isFinite(each.value) ? (100 * Math.abs(each.value)) / most : 0}%` }}
          />
          <span className="number">{each.text ?? short(each.value)}</span>
        </li>
      ))}
    </ul>
  );
}
