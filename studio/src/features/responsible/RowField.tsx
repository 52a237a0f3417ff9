import { Button, Field, Input } from "@fluentui/react-components";
import { useT } from "../../app/i18n";
import { isWrong, valueOf } from "./analysis";
import type { Dataset } from "./dashboards";

export interface AboutRow {
  data: Dataset;
  rows: number[];
  row: number;
  onRow: (row: number) => void;
}

/** Which row is looked at, with what is right of it and what the model says. */
export function RowField({ data, rows, row, onRow }: AboutRow) {
  const t = useT();
  const wrong = rows.filter((each) => isWrong(data, each));
  const next = wrong.find((each) => each > row) ?? wrong[0];
  return (
    <div className="filters">
      <Field label={t("Row")} orientation="horizontal">
        <Input
          type="number"
          min={0}
          max={data.true_y.length - 1}
          value={String(row)}
          onChange={(_, { value }) => {
            const wanted = Math.round(Number(value));
            if (wanted >= 0 && wanted < data.true_y.length) onRow(wanted);
          }}
        />
      </Field>
      {next !== undefined && <Button onClick={() => onRow(next)}>{t("Next row that is wrong")}</Button>}
      <span>
        {t("True: {truth}, predicted: {said}", {
          truth: String(valueOf(data, data.target_column, row)),
          said: String(valueOf(data, "", row)),
        })}
      </span>
    </div>
  );
}
