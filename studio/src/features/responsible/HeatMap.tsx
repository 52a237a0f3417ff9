import { useT } from "../../app/i18n";
import { short } from "../../ui/number";
import { errorOf, everyRow, groupsOf, isClassified } from "./analysis";
import type { Dataset } from "./dashboards";
import { percent } from "./words";

/** Errors over the groups of two features. */
export function HeatMap({ data, down, across }: { data: Dataset; down: string; across: string }) {
  const t = useT();
  const rows = everyRow(data);
  const columns = groupsOf(data, across, rows);
  const lines = groupsOf(data, down, rows).map((line) => ({
    line,
    cells: groupsOf(data, across, line.rows).map(({ label, rows: own }) => ({ label, own, error: errorOf(data, own) })),
  }));
  const worst = Math.max(...lines.flatMap(({ cells }) => cells.map(({ error }) => error || 0)), Number.MIN_VALUE);
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={t("Heat map of errors")}>
      <table className="table heat">
        <thead>
          <tr>
            <th scope="col">{`${down} \\ ${across}`}</th>
            {columns.map(({ label }) => (
              <th key={label} scope="col" className="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ line, cells }) => (
            <tr key={line.label}>
              <th scope="row">{line.label}</th>
              {columns.map(({ label }) => {
                const cell = cells.find((each) => each.label === label);
                const share = cell && cell.own.length > 0 ? Math.round((55 * cell.error) / worst) : 0;
                return (
                  <td
                    key={label}
                    className="number"
                    style={{ backgroundColor: `color-mix(in srgb, #d13438 ${share}%, transparent)` }}
                  >
                    {cell && cell.own.length > 0
                      ? `${isClassified(data) ? percent(cell.error) : short(cell.error)} (${cell.own.length})`
                      : "–"}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
