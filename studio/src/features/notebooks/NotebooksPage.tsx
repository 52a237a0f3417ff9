import { Button, Tab, TabList } from "@fluentui/react-components";
import { Dismiss12Regular } from "@fluentui/react-icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { nameOf } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { FileTree } from "./FileTree";
import { NotebookEditor } from "./NotebookEditor";
import { TextEditor } from "./TextEditor";
import "./notebooks.css";

const MOST_OPEN = 12;

/** Files on the left; what is open of them on the right. The address names the one that is looked at. */
export function NotebooksPage() {
  const t = useT();
  const scope = useScope();
  const { path } = useSearch({ from: "/notebooks" });
  const navigate = useNavigate({ from: "/notebooks" });
  const [open, setOpen] = useOpenFiles(scope, path);
  const show = (next: string | undefined) => void navigate({ search: (old) => ({ wsid: old.wsid, path: next }) });
  const close = (gone: (each: string) => boolean) => {
    const left = open.filter((each) => !gone(each));
    setOpen(left);
    if (path && gone(path)) show(left.at(-1));
  };
  const moved = (from: string, to: string) => {
    const renamed = (each: string) =>
      each === from ? to : each.startsWith(`${from}/`) ? to + each.slice(from.length) : each;
    setOpen(open.map(renamed));
    if (path && renamed(path) !== path) show(renamed(path));
  };
  return (
    <Page title={t("Notebooks")}>
      <div className="nb-page">
        <FileTree
          open={path ?? null}
          onOpen={show}
          onMoved={moved}
          onGone={(gone) => close((each) => each === gone || each.startsWith(`${gone}/`))}
        />
        <div className="nb-editor">
          {open.length === 0 && <Empty>{t("Open a file on the left, or begin with a new notebook.")}</Empty>}
          {open.length > 0 && (
            <div className="nb-tabs">
              <TabList size="small" selectedValue={path ?? ""} onTabSelect={(_, { value }) => show(String(value))}>
                {open.map((each) => (
                  <Tab key={each} value={each} title={each}>
                    {nameOf(each)}
                  </Tab>
                ))}
              </TabList>
              {path && (
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<Dismiss12Regular />}
                  aria-label={t("Close {name}", { name: nameOf(path) })}
                  title={t("Close {name}", { name: nameOf(path) })}
                  onClick={() => close((each) => each === path)}
                />
              )}
            </div>
          )}
          {open.map((each) => (
            <div key={each} hidden={each !== path} className="nb-open">
              {each.endsWith(".ipynb") ? (
                <NotebookEditor path={each} isShown={each === path} />
              ) : (
                <TextEditor path={each} />
              )}
            </div>
          ))}
        </div>
      </div>
    </Page>
  );
}

/** The files that are open in this tab of the browser, over reloads. */
function useOpenFiles(scope: string, path: string | undefined): [string[], (open: string[]) => void] {
  const key = `smalt.notebooks:${scope}`;
  const [open, setOpen] = useState<string[]>(() => read(sessionStorage.getItem(key)));
  const all = path && !open.includes(path) ? [...open.slice(1 - MOST_OPEN), path] : open;
  useEffect(() => {
    if (all !== open) setOpen(all);
    sessionStorage.setItem(key, JSON.stringify(all));
  }, [all, key, open]);
  return [all, setOpen];
}

function read(text: string | null): string[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
