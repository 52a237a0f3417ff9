import { lazy, Suspense } from "react";
import type { Output } from "../api/notebooks";
import { useT } from "../app/i18n";
import { CellOutput, joined, type Text } from "./CellOutput";
import { Empty } from "./Empty";
import { Waiting } from "./Waiting";

const Code = lazy(() => import("./Code"));
const Markdown = lazy(() => import("./Markdown"));

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
          <CellOutput key={index} output={output} />
        ))}
      </div>
    </div>
  );
}

function parsed(text: string): Document | null {
  try {
    return JSON.parse(text) as Document;
  } catch {
    return null;
  }
}
