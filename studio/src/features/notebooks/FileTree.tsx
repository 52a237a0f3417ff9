import { Button, Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import {
  ArrowUpload16Regular,
  ChevronDown16Regular,
  ChevronRight16Regular,
  Document16Regular,
  DocumentAdd16Regular,
  FolderAdd16Regular,
  FolderArrowUp16Regular,
  Folder16Regular,
  MoreHorizontal16Regular,
  Notebook16Regular,
  NotebookAdd20Regular,
} from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ApiError, request } from "../../api/client";
import {
  archivePath,
  changeFiles,
  entries,
  filePath,
  folderPath,
  writeFile,
  type FileEntry,
} from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import { showNotice } from "../../ui/Notices";
import { AskName } from "../../ui/AskName";
import { emptyNotebook, writeNotebook } from "./document";

interface Props {
  open: string | null;
  onOpen: (path: string) => void;
  onMoved: (from: string, to: string) => void;
  onGone: (path: string) => void;
}

type NamedWish =
  | { kind: "notebook"; folder: string }
  | { kind: "file"; folder: string }
  | { kind: "folder"; folder: string }
  | { kind: "move"; entry: FileEntry }
  | { kind: "copy"; entry: FileEntry };
type Wish = NamedWish | { kind: "delete"; entry: FileEntry };

const FIRST = { notebook: "untitled.ipynb", file: "script.py", folder: "folder" } as const;
const HIDDEN = /^(\.azureml|\.ipynb_checkpoints)$/;
const BAD = /^\/|\\|(^|\/)\.{0,2}(\/|$)|[\u0000-\u001f]/;

/** The files of the workspace: opened, made, brought, moved, copied, fetched, deleted. */
export function FileTree({ open, onOpen, onMoved, onGone }: Props) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const root = useQuery(entries(scope, ""));
  const home = root.data?.home ?? "";
  const [folder, setFolder] = useState<string | null>(null);
  const [wish, setWish] = useState<Wish | null>(null);
  const files = useRef<HTMLInputElement>(null);
  const whole = useRef<HTMLInputElement>(null);
  const place = folder ?? home;

  const again = () => client.invalidateQueries({ queryKey: ["notebookFiles", scope] });
  const tried = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      showNotice("error", error instanceof Error ? error.message : String(error));
    }
    await again();
  };
  const make = (kind: "notebook" | "file" | "folder", path: string) =>
    tried(async () => {
      if (kind === "folder") return void (await request(folderPath(scope, path), { method: "PUT" }));
      const full = kind === "notebook" && !path.endsWith(".ipynb") ? `${path}.ipynb` : path;
      await writeFile(scope, full, kind === "notebook" ? writeNotebook(emptyNotebook()) : "");
      onOpen(full);
    });
  const bring = (list: FileList | null) =>
    tried(async () => {
      for (const file of list ?? []) {
        const path = `${place}/${file.webkitRelativePath || file.name}`;
        await writeFile(scope, path, file).catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 409) showNotice("error", error.message);
          else throw error;
        });
      }
    });
  const named = (path: string) => {
    if (!wish) return;
    if (wish.kind === "move" || wish.kind === "copy") {
      const { entry, kind } = wish;
      void tried(async () => {
        await changeFiles(scope, kind, entry.path, path);
        if (kind === "move") onMoved(entry.path, path);
      });
    } else if (wish.kind !== "delete") void make(wish.kind, path);
  };
  const check = (path: string) => (BAD.test(path) ? t("A path among the files is wanted.") : "");
  const tool = (label: string, icon: React.JSX.Element, onClick: () => void) => (
    <Button size="small" appearance="subtle" icon={icon} aria-label={label} title={label} onClick={onClick} />
  );

  return (
    <nav className="nb-tree" aria-label={t("Files")}>
      <div className="row wrap">
        <Button
          size="small"
          appearance="primary"
          icon={<NotebookAdd20Regular />}
          disabled={!home}
          onClick={() => setWish({ kind: "notebook", folder: place })}
        >
          {t("New notebook")}
        </Button>
        {tool(t("New file"), <DocumentAdd16Regular />, () => setWish({ kind: "file", folder: place }))}
        {tool(t("New folder"), <FolderAdd16Regular />, () => setWish({ kind: "folder", folder: place }))}
        {tool(t("Upload files"), <ArrowUpload16Regular />, () => files.current?.click())}
        {tool(t("Upload a folder"), <FolderArrowUp16Regular />, () => whole.current?.click())}
      </div>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label={t("Upload files")}
        onChange={(event) => void bring(event.target.files)}
      />
      <input
        ref={whole}
        type="file"
        hidden
        aria-label={t("Upload a folder")}
        {...{ webkitdirectory: "" }}
        onChange={(event) => void bring(event.target.files)}
      />
      <p className="faint nb-place">{t("Into {folder}", { folder: place })}</p>
      <Level path="" folder={place} open={open} home={home} onFolder={setFolder} onOpen={onOpen} onWish={setWish} />
      {wish && wish.kind !== "delete" && (
        <AskName
          title={titleOf(wish, t)}
          value={valueOf(wish)}
          check={check}
          isNew={wish.kind !== "move" && wish.kind !== "copy"}
          onName={named}
          onClose={() => setWish(null)}
        />
      )}
      {wish?.kind === "delete" && (
        <Confirm
          title={t("Delete {name}?", { name: wish.entry.name })}
          action={t("Delete")}
          onConfirm={() =>
            void tried(async () => {
              await request(filePath(scope, wish.entry.path), { method: "DELETE" });
              onGone(wish.entry.path);
            })
          }
          onClose={() => setWish(null)}
        >
          {wish.entry.type === "folder"
            ? t("The folder goes with everything in it.")
            : t("The file is gone for everybody in this workspace.")}
        </Confirm>
      )}
    </nav>
  );
}

function titleOf(wish: NamedWish, t: ReturnType<typeof useT>): string {
  if (wish.kind === "notebook") return t("New notebook");
  if (wish.kind === "file") return t("New file");
  if (wish.kind === "folder") return t("New folder");
  return wish.kind === "copy"
    ? t("Copy {name}", { name: wish.entry.name })
    : t("Rename or move {name}", { name: wish.entry.name });
}

function valueOf(wish: NamedWish): string {
  if (wish.kind === "notebook" || wish.kind === "file" || wish.kind === "folder") {
    return wish.folder ? `${wish.folder}/${FIRST[wish.kind]}` : FIRST[wish.kind];
  }
  return wish.entry.path;
}

interface LevelProps {
  path: string;
  /** Where new files go. */
  folder: string;
  open: string | null;
  home: string;
  onFolder: (path: string) => void;
  onOpen: (path: string) => void;
  onWish: (wish: Wish) => void;
}

function Level(props: LevelProps) {
  const t = useT();
  const found = useQuery(entries(useScope(), props.path));
  const shown = (found.data?.value ?? []).filter(({ name }) => !HIDDEN.test(name));
  if (found.data && shown.length === 0)
    return <p className="faint nb-level">{props.path ? t("Empty") : t("No files yet. Begin with a notebook.")}</p>;
  return (
    <ul className="nb-level">
      {shown.map((entry) => (
        <Item key={entry.path} {...props} entry={entry} />
      ))}
      {found.data && !found.data.isComplete && <li className="faint">{t("There is more here than is shown.")}</li>}
    </ul>
  );
}

function Item({ entry, ...props }: LevelProps & { entry: FileEntry }) {
  const { folder, open, home, onFolder, onOpen, onWish } = props;
  const t = useT();
  const scope = useScope();
  const { path, name } = entry;
  const isFolder = entry.type === "folder";
  const isOnTheWay = (place: string | null) => place !== null && (place === path || place.startsWith(`${path}/`));
  const [isOpen, setOpen] = useState(isOnTheWay(home) || isOnTheWay(open));
  return (
    <li>
      <span className="nb-item">
        <button
          type="button"
          className="file"
          aria-current={isFolder ? path === folder : path === open}
          aria-expanded={isFolder ? isOpen : undefined}
          onClick={() => {
            if (!isFolder) return onOpen(path);
            setOpen(folder === path ? !isOpen : true);
            onFolder(path);
          }}
        >
          {isFolder && (isOpen ? <ChevronDown16Regular aria-hidden /> : <ChevronRight16Regular aria-hidden />)}
          {isFolder ? (
            <Folder16Regular aria-hidden />
          ) : name.endsWith(".ipynb") ? (
            <Notebook16Regular aria-hidden />
          ) : (
            <Document16Regular aria-hidden />
          )}
          <span className="file-name">{name}</span>
        </button>
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button
              size="small"
              appearance="subtle"
              icon={<MoreHorizontal16Regular />}
              aria-label={t("More about {name}", { name })}
            />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              {isFolder && (
                <MenuItem onClick={() => onWish({ kind: "notebook", folder: path })}>{t("New notebook")}</MenuItem>
              )}
              <MenuItem onClick={() => onWish({ kind: "move", entry })}>{t("Rename or move")}</MenuItem>
              <MenuItem onClick={() => onWish({ kind: "copy", entry })}>{t("Copy")}</MenuItem>
              <MenuItem
                onClick={() =>
                  download(isFolder ? archivePath(scope, path) : filePath(scope, path), isFolder ? `${name}.zip` : name)
                }
              >
                {t("Download")}
              </MenuItem>
              <MenuDivider />
              <MenuItem onClick={() => onWish({ kind: "delete", entry })}>{t("Delete")}</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      </span>
      {isFolder && isOpen && <Level {...props} path={path} />}
    </li>
  );
}

function download(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
