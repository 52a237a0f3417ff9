import { Button, ProgressBar } from "@fluentui/react-components";
import { Dismiss16Regular, DocumentAdd20Regular, FolderAdd20Regular } from "@fluentui/react-icons";
import { useRef, useState, type DragEvent } from "react";
import type { Picked, Progress } from "../api/uploads";
import { useT } from "../app/i18n";
import { bytes } from "./number";

interface Props {
  label: string;
  files: readonly Picked[];
  onChange: (files: Picked[]) => void;
  progress?: Progress | null;
}

const FEW = 200;

/** Files and folders of this machine, chosen or dropped. */
export function FilePicker({ label, files, onChange, progress }: Props) {
  const t = useT();
  const some = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const add = (found: Picked[]) => {
    const kept = new Map([...files, ...found].map((each) => [each.path, each]));
    onChange([...kept.values()]);
  };
  const taken = (list: FileList | null) =>
    add(Array.from(list ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file })));
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry()).filter((each) => !!each);
    void Promise.all(entries.map(walk)).then((found) => add(found.flat()));
  };
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <div
      className={isOver ? "picker-box over" : "picker-box"}
      role="group"
      aria-label={label}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      <div className="row wrap">
        <Button icon={<DocumentAdd20Regular />} onClick={() => some.current?.click()}>
          {t("Choose files")}
        </Button>
        <Button icon={<FolderAdd20Regular />} onClick={() => folder.current?.click()}>
          {t("Choose a folder")}
        </Button>
        <span className="faint">
          {files.length > 0
            ? t("{count} files, {size}", { count: files.length, size: bytes(size) })
            : t("Or drop them here.")}
        </span>
      </div>
      <input
        ref={some}
        type="file"
        multiple
        hidden
        aria-label={t("Choose files")}
        onChange={(event) => taken(event.target.files)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label={t("Choose a folder")}
        {...{ webkitdirectory: "" }}
        onChange={(event) => taken(event.target.files)}
      />
      {files.length > 0 && (
        <ul className="lines picked">
          {files.slice(0, FEW).map(({ path, file }) => (
            <li key={path}>
              <code className="wrap">{path}</code>
              <span className="faint">{bytes(file.size)}</span>
              <Button
                size="small"
                appearance="subtle"
                icon={<Dismiss16Regular />}
                aria-label={t("Leave out {name}", { name: path })}
                onClick={() => onChange(files.filter((each) => each.path !== path))}
              />
            </li>
          ))}
        </ul>
      )}
      {progress && (
        <div role="status">
          <ProgressBar value={progress.total ? progress.done / progress.total : 0} aria-label={t("Upload")} />
          <span className="faint">
            {t("{done} of {size} sent", { done: bytes(progress.done), size: bytes(progress.total) })}
          </span>
        </div>
      )}
    </div>
  );
}

/** Every file below what was dropped. */
async function walk(entry: FileSystemEntry): Promise<Picked[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Picked[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await walk(each)));
  }
}

/** Files without the folder that all of them stand in, and its name. */
export function withoutRoot(files: readonly Picked[]): { root: string; files: Picked[] } {
  const roots = new Set(files.map(({ path }) => (path.includes("/") ? path.split("/")[0] : "")));
  const [root] = roots;
  if (roots.size !== 1 || !root) return { root: "", files: [...files] };
  return { root, files: files.map(({ path, file }) => ({ path: path.slice(root.length + 1), file })) };
}
