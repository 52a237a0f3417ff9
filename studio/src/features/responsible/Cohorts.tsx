import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { Section } from "../../ui/Section";
import { short } from "../../ui/number";
import { Table } from "../../ui/Table";
import { isNumeric, rowsOf, type Condition, type Method } from "./analysis";
import type { Dataset } from "./dashboards";
import type { KeptCohorts } from "./useCohorts";
import { wordsOf } from "./words";

/** Parts of the rows: made here, or kept from where errors are many. */
export function Cohorts({ data, cohorts }: { data: Dataset; cohorts: KeptCohorts }) {
  const t = useT();
  return (
    <>
      <Section title={t("Cohorts")}>
        {cohorts.all.length === 0 ? (
          <Empty>{t("None yet: make one below, or keep a node of the error tree as one.")}</Empty>
        ) : (
          <Table
            label={t("Cohorts")}
            rows={cohorts.all}
            rowKey={({ name }) => name}
            columns={[
              { key: "name", title: t("Name"), cell: ({ name }) => name },
              { key: "where", title: t("Where"), cell: ({ conditions }) => wordsOf(conditions, t) },
              {
                key: "rows",
                title: t("Rows"),
                isNumber: true,
                cell: ({ conditions }) => short(rowsOf(data, conditions).length),
              },
              {
                key: "remove",
                title: t("Actions"),
                cell: ({ name }) => (
                  <Button size="small" aria-label={t("Remove {name}", { name })} onClick={() => cohorts.remove(name)}>
                    {t("Remove")}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Section>
      <NewCohort data={data} onAdd={cohorts.add} />
    </>
  );
}

function NewCohort({ data, onAdd }: { data: Dataset; onAdd: KeptCohorts["add"] }) {
  const t = useT();
  const columns = [...data.feature_names, data.target_column];
  const [name, setName] = useState("");
  const [column, setColumn] = useState(columns[0]);
  const [method, setMethod] = useState<Method>("greater");
  const [text, setText] = useState("");
  const isNumber = isNumeric(data, column) || (column === data.target_column && !data.class_names);
  const methods: Method[] = isNumber ? ["greater", "less and equal"] : ["includes", "excludes"];
  const chosen = methods.includes(method) ? method : methods[0];
  const condition: Condition = {
    column,
    method: chosen,
    arg: isNumber ? [Number(text)] : text.split("|").map((each) => each.trim()),
  };
  const isReady = text.trim() !== "" && (!isNumber || Number.isFinite(Number(text)));
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!isReady) return;
    onAdd(name.trim() || wordsOf([condition], t), [condition]);
    setName("");
    setText("");
  };
  return (
    <Section title={t("New cohort")}>
      <form className="filters" onSubmit={add}>
        <Field label={t("Name")}>
          <Input value={name} onChange={(_, { value }) => setName(value)} />
        </Field>
        <Field label={t("Column")}>
          <Select value={column} onChange={(_, { value }) => setColumn(value)}>
            {columns.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </Select>
        </Field>
        <Field label={t("Condition")}>
          <Select value={chosen} onChange={(_, { value }) => setMethod(value as Method)}>
            {methods.map((each) => (
              <option key={each} value={each}>
                {wordsOf([{ column: "", method: each, arg: [] }], t).trim()}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={isNumber ? t("Value") : t("Values, separated by |")}>
          <Input value={text} onChange={(_, { value }) => setText(value)} />
        </Field>
        <Button type="submit" appearance="primary" disabled={!isReady}>
          {t("Add")}
        </Button>
      </form>
    </Section>
  );
}
