import { Button, Checkbox } from "@fluentui/react-components";
import { Add16Regular } from "@fluentui/react-icons";
import { useT } from "../../../app/i18n";
import { addPort, setPort } from "../change";
import { Committed } from "../Committed";
import type { DagOutput } from "../dag";
import { freeName } from "../references";
import { useDag, useDagChange } from "../useDag";
import { useTests, useTried } from "../useTests";
import { Value } from "../Value";
import { PortName, PortType, RemovePort } from "./PortCells";

/** What the flow answers, and what it has answered last. */
export function OutputsSection({ references }: { references: string }) {
  const t = useT();
  const dag = useDag();
  const change = useDagChange();
  const { line } = useTried(useTests().whole);
  const names = dag?.outputs.map(({ name }) => name) ?? [];
  const last = dag?.nodes.at(-1)?.name;
  return (
    <section className="node-card">
      <div className="section-head">
        <h2>{t("Outputs")}</h2>
        <Button
          size="small"
          icon={<Add16Regular />}
          onClick={() =>
            change((text) =>
              addPort(text, "outputs", freeName("output", names), {
                type: "string",
                reference: last ? `\${${last}.output}` : "",
              }),
            )
          }
        >
          {t("Add an output")}
        </Button>
      </div>
      {names.length > 0 && (
        <table className="ports">
          <thead>
            <tr>
              <th scope="col">{t("Name")}</th>
              <th scope="col">{t("Type")}</th>
              <th scope="col">{t("Reference")}</th>
              <th scope="col">{t("Chat")}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {dag?.outputs.map((output) => (
              <OutputRow key={output.name} output={output} names={names} references={references} />
            ))}
          </tbody>
        </table>
      )}
      {line?.outputs && (
        <dl className="answers">
          {Object.entries(line.outputs).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Value of={value} label={t("Answer: {name}", { name })} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function OutputRow({ output, names, references }: { output: DagOutput; names: string[]; references: string }) {
  const t = useT();
  const change = useDagChange();
  const set = (key: string, value: unknown) => change((text) => setPort(text, "outputs", output.name, key, value));
  const { name } = output;
  return (
    <tr>
      <td>
        <PortName side="outputs" name={name} taken={names} />
      </td>
      <td>
        <PortType side="outputs" name={name} type={output.type} />
      </td>
      <td className="wide">
        <Committed
          value={output.reference}
          list={references}
          aria-label={t("Reference of {name}", { name })}
          onCommit={(text) => set("reference", text)}
        />
      </td>
      <td>
        <Checkbox
          label={t("Answer")}
          checked={output.isChatOutput}
          onChange={(_, { checked }) => set("is_chat_output", checked === true ? true : undefined)}
        />
      </td>
      <td>
        <RemovePort side="outputs" name={name} />
      </td>
    </tr>
  );
}
