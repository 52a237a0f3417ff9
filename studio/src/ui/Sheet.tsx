import { Tab, TabList } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { useT } from "../app/i18n";
import { short } from "./number";
import { profileOf, type ColumnProfile } from "./profile";
import { Table } from "./Table";

interface Props {
  label: string;
  columns: readonly string[];
  /** The cells of each row, in the order of the columns. */
  rows: readonly (readonly string[])[];
  /** How many of them are shown; all count for the profile. */
  most: number;
}

interface Row {
  index: number;
  cells: readonly string[];
}

/** The rows of a table, or what its columns are like. */
export function Sheet({ label, columns, rows, most }: Props) {
  const t = useT();
  const [shown, setShown] = useState<unknown>("rows");
  return (
    <>
      <TabList size="small" selectedValue={shown} onTabSelect={(_, { value }) => setShown(value)}>
        <Tab value="rows">{t("Rows")}</Tab>
        <Tab value="profile">{t("Profile")}</Tab>
      </TabList>
      {shown === "profile" ? (
        <Profile label={label} columns={columns} rows={rows} />
      ) : (
        <Table<Row>
          label={label}
          rows={rows.slice(0, most).map((cells, index) => ({ index, cells }))}
          rowKey={({ index }) => String(index)}
          columns={columns.map((title, column) => ({
            key: String(column),
            title,
            cell: ({ cells }) => cells[column] ?? "",
            isNumber: Boolean(rows[0]?.[column]) && Number.isFinite(Number(rows[0][column])),
          }))}
        />
      )}
    </>
  );
}

function Profile({ label, columns, rows }: Omit<Props, "most">) {
  const t = useT();
  const found = useMemo(
    () =>
      columns.map((name, index) =>
        profileOf(
          name,
          rows.map((cells) => cells[index] ?? ""),
        ),
      ),
    [columns, rows],
  );
  return (
    <>
      <p className="faint">{t("From the first {count} rows.", { count: rows.length })}</p>
      <Table<ColumnProfile>
        label={label}
        rows={found}
        rowKey={({ name }) => name}
        columns={[
          { key: "name", title: t("Name"), cell: ({ name }) => <strong>{name}</strong> },
          { key: "spread", title: t("Spread"), cell: ({ parts }) => <Spread parts={parts} /> },
          { key: "missing", title: t("Missing"), isNumber: true, cell: ({ missing }) => missing },
          { key: "distinct", title: t("Distinct"), isNumber: true, cell: ({ distinct }) => distinct },
          { key: "lowest", title: t("Lowest"), isNumber: true, cell: ({ lowest }) => short(lowest) },
          { key: "mean", title: t("Mean"), isNumber: true, cell: ({ mean }) => short(mean) },
          { key: "highest", title: t("Highest"), isNumber: true, cell: ({ highest }) => short(highest) },
          {
            key: "frequent",
            title: t("Most frequent"),
            cell: ({ frequent }) => frequent && `${frequent[0]} (${frequent[1]})`,
          },
        ]}
      />
    </>
  );
}

function Spread({ parts }: { parts: readonly number[] }) {
  const most = Math.max(...parts, 1);
  return (
    <span className="spread" aria-hidden>
      {parts.map((count, index) => (
        <span key={index} style={{ height: `${Math.max((100 * count) / most, count > 0 ? 6 : 0)}%` }} />
      ))}
    </span>
  );
}
