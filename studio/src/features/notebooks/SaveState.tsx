import { useT } from "../../app/i18n";
import type { OpenFile } from "./useFile";

/** Whether everything is saved. */
export function SaveState<T>({ file }: { file: OpenFile<T> }) {
  const t = useT();
  const word = file.isReadOnly
    ? t("Read only")
    : file.conflict
      ? t("Not saved")
      : file.isSaving
        ? t("Saving")
        : file.isDirty
          ? t("Edited")
          : t("Saved");
  return (
    <span className="faint nb-saved" role="status">
      {word}
    </span>
  );
}
