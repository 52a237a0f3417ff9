import { lazy, Suspense } from "react";
import { fileAddress } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Empty } from "../../../ui/Empty";
import { isImage } from "../../../ui/FilePreview";
import { Problem } from "../../../ui/Problem";
import { Waiting } from "../../../ui/Waiting";
import { useDraft, useText } from "../useDraft";

const Code = lazy(() => import("../../../ui/Code"));

/** One file of the flow, to be edited where it is text. */
export function FileEditor({ path }: { path: string }) {
  const t = useT();
  const scope = useScope();
  const { flow, edits, change } = useDraft();
  const { text, error } = useText(path);
  if (error) return <Problem error={error} />;
  if (text === undefined) return <Waiting />;
  if (text === null) {
    const address = fileAddress(scope, flow.name, edits.base, path);
    if (isImage(path) && !edits.files[path]) return <img className="preview-image" src={address} alt={path} />;
    return <Empty>{t("No preview of this kind of file. Download it.")}</Empty>;
  }
  return (
    <Suspense fallback={<Waiting />}>
      <Code text={text} name={path} label={path} onChange={(next) => change(path, next)} />
    </Suspense>
  );
}
