import { lazy, Suspense } from "react";
import type { Output } from "../api/notebooks";
import { useT } from "../app/i18n";
import { Ansi, plain } from "./Ansi";
import { drawingAddress } from "./Drawing";
import { SafeHtml } from "./SafeHtml";
import "./output.css";

const Markdown = lazy(() => import("./Markdown"));

export type Text = string | string[];

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export const joined = (text: unknown): string =>
  Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "";

/** What a cell has put out. Nothing of it is executed; of HTML only what cannot do anything is shown. */
export function CellOutput({ output }: { output: Output }) {
  const t = useT();
  if (output.output_type === "stream") {
    const isAside = output.name === "stderr";
    return (
      <pre className={isAside ? "output aside" : "output"} tabIndex={0}>
        <Ansi text={joined(output.text)} />
      </pre>
    );
  }
  if (output.output_type === "error") {
    const told = output.traceback?.length ? output.traceback.join("\n") : `${output.ename}: ${output.evalue}`;
    return (
      <pre className="output failed" tabIndex={0}>
        <Ansi text={told} />
      </pre>
    );
  }
  const data = output.data ?? {};
  const text = joined(data["text/plain"]);
  const picture = PICTURES.find((kind) => joined(data[kind]));
  if (picture) {
    const address = `data:${picture};base64,${joined(data[picture]).replace(/\s/g, "")}`;
    return <img className="preview-image" src={address} alt={plain(text) || t("Output")} />;
  }
  const drawing = joined(data["image/svg+xml"]);
  // As a picture it can neither run nor fetch anything.
  if (drawing) return <img className="preview-image" src={drawingAddress(drawing)} alt={plain(text) || t("Output")} />;
  const html = joined(data["text/html"]);
  const shown = joined(data["text/latex"]) || text;
  const asText = shown ? (
    <pre className="output" tabIndex={0}>
      <Ansi text={shown} />
    </pre>
  ) : (
    <p className="faint">{t("An output that is not shown.")}</p>
  );
  if (html) return <SafeHtml html={html} otherwise={asText} />;
  const written = joined(data["text/markdown"]);
  if (written)
    return (
      <Suspense fallback={null}>
        <Markdown text={written} />
      </Suspense>
    );
  if (data["application/json"])
    return <pre className="output">{JSON.stringify(data["application/json"], null, 2)}</pre>;
  return asText;
}
