import { useT } from "../../app/i18n";
import { short } from "../../ui/number";
import type { Distribution } from "./monitoring";

const WIDTH = 720;
const HEIGHT = 200;
const BASE = 170;
const MOST_LABELS = 6;

/** How a feature is distributed in the reference and in production, as shares beside each other. */
export function Histogram({ of, feature }: { of: Distribution; feature: string }) {
  const t = useT();
  const sums = [of.reference, of.production].map((counts) => counts.reduce((sum, count) => sum + count, 0) || 1);
  const shares = [of.reference, of.production].map((counts, index) => counts.map((count) => count / sums[index]));
  const most = Math.max(...shares.flat(), 0.01);
  const step = WIDTH / Math.max(of.labels.length, 1);
  const bar = Math.max(1, step * 0.4);
  return (
    <figure className="histogram">
      <figcaption className="row wrap">
        <span className="key reference">{t("Reference")}</span>
        <span className="key production">{t("Production")}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("Distribution of {feature}", { feature })}>
        {shares.map((each, which) =>
          each.map((share, index) => (
            <rect
              key={`${which} ${of.labels[index]}`}
              className={which === 0 ? "reference" : "production"}
              x={index * step + step * 0.1 + which * bar}
              y={BASE - (share / most) * (BASE - 8)}
              width={bar}
              height={(share / most) * (BASE - 8)}
            >
              <title>{`${of.labels[index]}: ${short(share * 100)} %`}</title>
            </rect>
          )),
        )}
        <line x1={0} x2={WIDTH} y1={BASE} y2={BASE} />
        {of.labels.map(
          (label, index) =>
            index % Math.ceil(of.labels.length / MOST_LABELS) === 0 && (
              <text key={label} x={index * step + step / 2} y={BASE + 16} textAnchor="middle">
                {label.length > 18 ? `${label.slice(0, 17)}…` : label}
              </text>
            ),
        )}
      </svg>
      <details>
        <summary>{t("As a table")}</summary>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("Values")}</th>
              <th scope="col" className="number">
                {t("Reference")}
              </th>
              <th scope="col" className="number">
                {t("Production")}
              </th>
            </tr>
          </thead>
          <tbody>
            {of.labels.map((label, index) => (
              <tr key={label}>
                <td>{label}</td>
                <td className="number">{`${short(of.reference[index])} (${(shares[0][index] * 100).toFixed(1)} %)`}</td>
                <td className="number">{`${short(of.production[index])} (${(shares[1][index] * 100).toFixed(1)} %)`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
