import { lazy, Suspense } from "react";
import { useT } from "../app/i18n";
import { Empty } from "./Empty";
import { Waiting } from "./Waiting";

const Code = lazy(() => import("./Code"));
const Markdown = lazy(() => import("./Markdown"));

type Text = string | string[];

interface Output {
  output_type: string;
  text?: Text;
  data?: Record<string, unknown>;
  traceback?: string[];
  ename?: string;
  evalue?: string;
}

interface Cell {
  cell_type: string;
  source: Text;
  execution_count?: number | null;
  outputs?: Output[];
}

interface Document {
  cells?: Cell[];
  metadata?: { language_info?: { file_extension?: string } };
}

const MOST_CELLS = 500;
const PICTURES = ["image/png", "image/jpeg", "image/gif"];
const joined = (text: unknown): string => (Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "");
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "");

/** A notebook as it was kept. Nothing of it is executed: no code, and no HTML or script in its outputs. */
export default function Notebook({ text }: { text: string }) {
  const t = useT();
  const found = parsed(text);
  if (!found?.cells) return <Empty>{t("This is no notebook that can be read.")}</Empty>;
  const ending = found.metadata?.language_info?.file_extension ?? ".py";
  return (
    <Suspense fallback={<Waiting />}>
      <div className="notebook">
        {found.cells.slice(0, MOST_CELLS).map((cell, index) => (
          <CellView key={index} cell={cell} ending={ending} label={t("Cell {number}", { number: index + 1 })} />
        ))}
      </div>
    </Suspense>
  );
}

function CellView({ cell, ending, label }: { cell: Cell; ending: string; label: string }) {
  const source = joined(cell.source);
  if (cell.cell_type === "markdown") return <Markdown text={source} />;
  if (cell.cell_type !== "code") return <pre className="command">{source}</pre>;
  return (
    <div className="cell">
      <span className="cell-number">[{cell.execution_count ?? " "}]</span>
      <div className="grow">
        <Code text={source} name={`cell${ending}`} label={label} />
        {(cell.outputs ?? []).map((output, index) => (
          <OutputView key={index} output={output} />
        ))}
      </div>
    </div>
  );
}

function OutputView({ output }: { output: Output }) {
  const t = useT();
  if (output.output_type === "stream") return <pre className="output">{plain(joined(output.text))}</pre>;
  if (output.output_type === "error") {
    const told = output.traceback?.join("\n") ?? `${output.ename}: ${output.evalue}`;
    return <pre className="output bad">{plain(told)}</pre>;
  }
  const data = output.data ?? {};
  const picture = PICTURES.find((kind) => joined(data[kind]));
  if (picture) {
    const address = `data:${picture};base64,${joined(data[picture]).replace(/\s/g, "")}`;
    return <img className="preview-image" src={address} alt={plain(joined(data["text/plain"])) || t("Output")} />;
  }
  if (data["text/markdown"]) return <Markdown text={joined(data["text/markdown"])} />;
  if (data["application/json"])
    return <pre className="output">{JSON.stringify(data["application/json"], null, 2)}</pre>;
  const text = joined(data["text/plain"]);
  return text ? (
    <pre className="output">{plain(text)}</pre>
  ) : (
    <p className="faint">{t("An output that is not shown.")}</p>
  );
}

function parsed(text: string): Document | null {
  try {
    return JSON.parse(text) as Document;
  } catch {
    return null;
  }
}
