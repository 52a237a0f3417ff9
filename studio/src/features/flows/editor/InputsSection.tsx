import { Button, Select } from "@fluentui/react-components";
import { Add16Regular } from "@fluentui/react-icons";
import type { FlowInput } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { addPort, setPort, shown, typed } from "../change";
import { Committed } from "../Committed";
import { freeName } from "../references";
import { useDag, useDagChange } from "../useDag";
import { PortName, PortType, RemovePort } from "./PortCells";
import { TryField } from "./TryField";

/** What the flow takes, and the values with which it is tried. */
export function InputsSection() {
  const t = useT();
  const dag = useDag();
  const change = useDagChange();
  const names = dag?.inputs.map(({ name }) => name) ?? [];
  return (
    <section className="node-card">
      <div className="section-head">
        <h2>{t("Inputs")}</h2>
        <Button
          size="small"
          icon={<Add16Regular />}
          onClick={() => change((text) => addPort(text, "inputs", freeName("input", names), { type: "string" }))}
        >
          {t("Add an input")}
        </Button>
      </div>
      {names.length > 0 && (
        <table className="ports">
          <thead>
            <tr>
              <th scope="col">{t("Name")}</th>
              <th scope="col">{t("Type")}</th>
              <th scope="col">{t("Default")}</th>
              <th scope="col">{t("Value to try")}</th>
              <th scope="col">{t("Chat")}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {dag?.inputs.map((input) => (
              <InputRow key={input.name} input={input} names={names} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function InputRow({ input, names }: { input: FlowInput; names: string[] }) {
  const t = useT();
  const change = useDagChange();
  const set = (key: string, value: unknown) => change((text) => setPort(text, "inputs", input.name, key, value));
  const { name } = input;
  return (
    <tr>
      <td>
        <PortName side="inputs" name={name} taken={names} />
      </td>
      <td>
        <PortType side="inputs" name={name} type={input.type} />
      </td>
      <td>
        <Committed
          value={shown(input.default)}
          aria-label={t("Default of {name}", { name })}
          onCommit={(text) => set("default", input.type === "string" ? text || undefined : typed(text))}
        />
      </td>
      <td className="wide">
        <TryField input={input} />
      </td>
      <td>
        <Select
          size="small"
          value={input.isChatInput ? "question" : input.isChatHistory ? "history" : ""}
          aria-label={t("Part of {name} in a chat", { name })}
          onChange={(_, { value }) => change((text) => withChatPart(text, name, value))}
        >
          <option value="">–</option>
          <option value="question">{t("Question")}</option>
          <option value="history">{t("Past turns")}</option>
        </Select>
      </td>
      <td>
        <RemovePort side="inputs" name={name} />
      </td>
    </tr>
  );
}

/** An input that is called `chat_history` is the history unless it says that it is not. */
function withChatPart(text: string, name: string, part: string): string {
  const question = setPort(text, "inputs", name, "is_chat_input", part === "question" ? true : undefined);
  const other = name === "chat_history" ? false : undefined;
  return setPort(question, "inputs", name, "is_chat_history", part === "history" ? true : other);
}
