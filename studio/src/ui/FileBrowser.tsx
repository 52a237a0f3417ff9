import { Button } from "@fluentui/react-components";
import { ArrowDownload16Regular, Document16Regular, Folder16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { ApiError, query } from "../api/client";
import { files } from "../api/queries";
import type { StoredFile } from "../api/types";
import { useT } from "../app/i18n";
import { useScope } from "../app/workspace";
import { Empty } from "./Empty";
import { FilePreview } from "./FilePreview";
import { Loaded } from "./Loaded";
import { bytes } from "./number";
import { When } from "./time";
import { Waiting } from "./Waiting";

const MlflowModel = lazy(() => import("./MlflowModel"));

/** The file by which a folder is a model of MLflow. */
const MODEL_FILE = "MLmodel";

interface Props {
  /** What the files belong to, as a reference. */
  uri: string;
  /** The folder or file that is open. */
  path: string;
  onOpen: (path: string) => void;
}

/** Folders and files behind a reference, with a preview of the one that is open. */
export function FileBrowser({ uri, path, onOpen }: Props) {
  const t = useT();
  const scope = useScope();
  const folder = path.endsWith("/") || path === "" ? path.replace(/\/$/, "") : path.split("/").slice(0, -1).join("/");
  const open = path.endsWith("/") ? "" : (path.split("/").at(-1) ?? "");
  const found = useQuery(files(scope, uri, folder));
  if (found.error instanceof ApiError && found.error.status === 404) return <Empty>{t("No files.")}</Empty>;
  const parts = folder ? folder.split("/") : [];
  return (
    <div className="files">
      <div className="file-list">
        <nav className="crumbs" aria-label={t("Folder")}>
          <button type="button" className="link" onClick={() => onOpen("")}>
            {t("All files")}
          </button>
          {parts.map((part, index) => (
            <span key={parts.slice(0, index + 1).join("/")}>
              {" / "}
              <button type="button" className="link" onClick={() => onOpen(`${parts.slice(0, index + 1).join("/")}/`)}>
                {part}
              </button>
            </span>
          ))}
        </nav>
        {Boolean(found.data?.length) && (
          <Button
            as="a"
            size="small"
            appearance="subtle"
            icon={<ArrowDownload16Regular />}
            href={`${scope}/smalt/archive${query({ uri, path: folder })}`}
          >
            {t("Download all")}
          </Button>
        )}
        <Loaded of={found}>
          {(list) =>
            list.length === 0 ? (
              <Empty>{t("No files.")}</Empty>
            ) : (
              <ul>
                {list.map((file) => (
                  <FileLine
                    key={file.name}
                    file={file}
                    isOpen={file.name === open && !file.isFolder}
                    onOpen={() => onOpen([...parts, file.name].join("/") + (file.isFolder ? "/" : ""))}
                  />
                ))}
              </ul>
            )
          }
        </Loaded>
      </div>
      <div className="file-preview">
        <Preview
          file={found.data?.find((file) => file.name === open && !file.isFolder)}
          model={found.data?.find((file) => file.name === MODEL_FILE && !file.isFolder)}
        />
      </div>
    </div>
  );
}

function FileLine({ file, isOpen, onOpen }: { file: StoredFile; isOpen: boolean; onOpen: () => void }) {
  const Icon = file.isFolder ? Folder16Regular : Document16Regular;
  return (
    <li>
      <button type="button" className="file" aria-current={isOpen} onClick={onOpen}>
        <Icon aria-hidden />
        <span className="file-name">{file.name}</span>
        <span className="faint">{bytes(file.size)}</span>
      </button>
    </li>
  );
}

/** The file that is open; before one is, what the folder as a whole is. */
function Preview({ file, model }: { file?: StoredFile; model?: StoredFile }) {
  const t = useT();
  if (!file?.url && model?.url) {
    return (
      <Suspense fallback={<Waiting />}>
        <MlflowModel file={model} />
      </Suspense>
    );
  }
  if (!file?.url) return <Empty>{t("Choose a file to look into it.")}</Empty>;
  return (
    <>
      <div className="file-head">
        <strong>{file.name}</strong>
        <span className="faint">{bytes(file.size)}</span>
        <When at={file.modifiedAt} />
        <Button as="a" size="small" icon={<ArrowDownload16Regular />} href={file.url} download={file.name}>
          {t("Download")}
        </Button>
      </div>
      <FilePreview key={file.url} file={file} />
    </>
  );
}
