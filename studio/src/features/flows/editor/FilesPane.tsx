import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import {
  ArrowUpload16Regular,
  Document16Regular,
  DocumentAdd16Regular,
  MoreHorizontal16Regular,
} from "@fluentui/react-icons";
import { useRef, useState } from "react";
import { useT } from "../../../app/i18n";
import { showNotice } from "../../../ui/Notices";
import { AskName } from "../../../ui/AskName";
import { fileFrom, isPath } from "../edits";
import { useDraft } from "../useDraft";

interface Props {
  open: string | null;
  onOpen: (path: string) => void;
}

/** The files of the flow: opened, added, uploaded, renamed, taken away. */
export function FilesPane({ open, onOpen }: Props) {
  const t = useT();
  const { flow, edits, paths, put, remove, rename } = useDraft();
  const [asked, setAsked] = useState<{ from: string | null } | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const check = (path: string) =>
    !isPath(path) ? t("A path inside the flow is wanted.") : paths.includes(path) ? t("There is one already.") : "";
  const upload = async (list: FileList | null) => {
    put(await Promise.all([...(list ?? [])].map((file) => fileFrom(file.name, file))));
  };
  const named = async (path: string) => {
    if (asked?.from) await rename(asked.from, path).catch((error: Error) => showNotice("error", error.message));
    else put([{ path, content: "" }]);
    onOpen(path);
  };
  return (
    <section className="flow-files">
      <div className="section-head">
        <h2>{t("Files")}</h2>
        <span className="row">
          <Button
            size="small"
            appearance="subtle"
            icon={<DocumentAdd16Regular />}
            aria-label={t("New file")}
            title={t("New file")}
            onClick={() => setAsked({ from: null })}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowUpload16Regular />}
            aria-label={t("Upload files")}
            title={t("Upload files")}
            onClick={() => input.current?.click()}
          />
        </span>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label={t("Upload files")}
          onChange={(event) => void upload(event.target.files)}
        />
      </div>
      <ul className="lines flow-file-list">
        {paths.map((path) => (
          <li key={path}>
            <button type="button" className="file" aria-current={path === open} onClick={() => onOpen(path)}>
              <Document16Regular aria-hidden />
              <span className="file-name">{path}</span>
              {edits.files[path] && <span className="edited">{t("edited")}</span>}
            </button>
            <Menu>
              <MenuTrigger disableButtonEnhancement>
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<MoreHorizontal16Regular />}
                  aria-label={t("More about {name}", { name: path })}
                />
              </MenuTrigger>
              <MenuPopover>
                <MenuList>
                  <MenuItem onClick={() => setAsked({ from: path })}>{t("Rename")}</MenuItem>
                  <MenuItem disabled={path === flow.entryFile} onClick={() => remove(path)}>
                    {t("Take away")}
                  </MenuItem>
                </MenuList>
              </MenuPopover>
            </Menu>
          </li>
        ))}
      </ul>
      {asked && (
        <AskName
          title={asked.from ? t("Rename {name}", { name: asked.from }) : t("New file")}
          value={asked.from ?? ""}
          check={check}
          onName={(path) => void named(path)}
          onClose={() => setAsked(null)}
        />
      )}
    </section>
  );
}
