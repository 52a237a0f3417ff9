import { Switch } from "@fluentui/react-components";
import { useState } from "react";
import { useT } from "../app/i18n";
import { short } from "./number";
import type { Confusion } from "./logged";
import "./logged.css";

/** A row for what is, a column for what was said; the darker, the more of a row. */
export function ConfusionMatrix({ of: { class_labels: labels, matrix } }: { of: Confusion }) {
  const t = useT();
  const [isShare, setShare] = useState(false);
  return (
    <div className="logged">
      <h3>{t("Confusion matrix")}</h3>
      <Switch label={t("As shares of a row")} checked={isShare} onChange={(_, { checked }) => setShare(checked)} />
      <div className="confusion-box" tabIndex={0} role="region" aria-label={t("Confusion matrix")}>
        <table className="confusion">
          <thead>
            <tr>
              <th scope="col">{t("True \\ predicted")}</th>
              {labels.map((label) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.map((row, index) => {
              const whole = row.reduce((one, other) => one + other, 0) || 1;
              return (
                <tr key={labels[index]}>
                  <th scope="row">{labels[index]}</th>
                  {row.map((count, column) => (
                    <td
                      key={labels[column]}
                      style={{ "--share": `${Math.round((60 * count) / whole)}%` } as React.CSSProperties}
                    >
                      {isShare ? `${short((100 * count) / whole)} %` : count}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}
