import { Button } from "@fluentui/react-components";
import { Send16Regular } from "@fluentui/react-icons";
import { lazy, Suspense, useState } from "react";
import { filePath, nameOf } from "../../api/notebooks";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { Waiting } from "../../ui/Waiting";
import { Conflict } from "./Conflict";
import { mergeTexts } from "./document";
import { RunAsJob } from "./RunAsJob";
import { SaveState } from "./SaveState";
import { useFile, type Form } from "./useFile";

const Code = lazy(() => import("../../ui/Code"));
const Markdown = lazy(() => import("../../ui/Markdown"));

const FORM: Form<string> = { read: (text) => text, write: (text) => text, merge: mergeTexts };
const RUNS = /\.(py|sh)$/;

/** Any text: changed, and run where it is a script. */
export function TextEditor({ path }: { path: string }) {
  const t = useT();
  const scope = useScope();
  const file = useFile(path, FORM);
  const [isAsking, setAsking] = useState(false);
  const [isRead, setRead] = useState(false);
  const name = nameOf(path);
  if (file.error) return <Problem error={file.error} />;
  if (file.isUnreadable)
    return (
      <Empty>
        {t("This is no text.")}{" "}
        <a href={filePath(scope, path)} download={name}>
          {t("Download")}
        </a>
      </Empty>
    );
  if (file.value === null) return <Waiting />;
  const isText = name.endsWith(".md");
  return (
    <div
      className="nb"
      onKeyDown={(event) => {
        if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
        event.preventDefault();
        void file.save();
      }}
    >
      <div className="nb-bar" role="toolbar" aria-label={name}>
        {RUNS.test(name) && (
          <Button size="small" icon={<Send16Regular />} disabled={file.isReadOnly} onClick={() => setAsking(true)}>
            {t("Run as a job")}
          </Button>
        )}
        {isText && (
          <Button size="small" aria-pressed={isRead} onClick={() => setRead(!isRead)}>
            {isRead ? t("Edit") : t("Preview")}
          </Button>
        )}
        <span className="nb-where">
          <SaveState file={file} />
        </span>
      </div>
      {file.conflict && <Conflict file={file} name={path} mine={file.value} />}
      <Suspense fallback={<Waiting />}>
        {isRead ? (
          <Markdown text={file.value} />
        ) : (
          <Code
            text={file.value}
            name={name}
            label={path}
            onChange={file.isReadOnly ? undefined : (text) => file.change(() => text)}
          />
        )}
      </Suspense>
      {isAsking && (
        <RunAsJob
          path={path}
          where={{ environment: "", compute: "" }}
          onBefore={file.save}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
