import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, everything, query } from "../../api/client";
import { run as runQuery } from "../../api/queries";
import type { Run, StoredFile } from "../../api/types";
import { useT, type Translate } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { FilePreview, isImage, isTable } from "../../ui/FilePreview";
import { Loaded } from "../../ui/Loaded";
import { LOGGED } from "../../ui/logged";
import { LoggedChart } from "../../ui/LoggedChart";
import { artifactsOf } from "./artifacts";
import type { TabProps } from "./JobPage";

/** Logged as JSON, in the form that Azure has for it. */
const isChart = (path: string): boolean => LOGGED.has(path.split("/").at(-1) ?? "");

const MOST_FOLDERS = 30;
const MOST_SHOWN = 60;

/** What the code has logged to be looked at. */
export default function ImagesTab({ job }: TabProps) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ["jobs", scope, job.name, "images"],
    queryFn: async ({ signal }) => {
      const run = await client.fetchQuery(runQuery(scope, job.name));
      return pictures(scope, artifactsOf(job.name), tablesOf(run), signal);
    },
  });
  return (
    <Loaded of={found}>
      {(files) =>
        files.length === 0 ? (
          <Empty>{t("The job has logged no images or tables.")}</Empty>
        ) : (
          <div className="gallery">
            {files.map((file) => (
              <figure key={file.url}>
                {isChart(file.name) ? <LoggedChart file={file} /> : <FilePreview file={file} />}
                <figcaption>{captionOf(file.name, t)}</figcaption>
              </figure>
            ))}
          </div>
        )
      }
    </Loaded>
  );
}

/** What the client of MLflow notes of the tables that it logs, which are JSON like anything else. */
function tablesOf(run: Run): ReadonlySet<string> {
  try {
    const noted = run.data.tags?.find(({ key }) => key === "mlflow.loggedArtifacts")?.value ?? "[]";
    const found = JSON.parse(noted) as { path: string; type: string }[];
    return new Set(found.filter(({ type }) => type === "table").map(({ path }) => path));
  } catch {
    return new Set();
  }
}

/** An image that is logged at a step says so in its name; beside it lies a smaller copy. */
const STEPPED = /^(?:images\/)?(.+)[%+]step[%+](\d+)[%+]timestamp[%+]\d+[%+][^%+/]+\.\w+$/;
const SMALL_COPY = /[%+]compressed\.webp$/;

function captionOf(name: string, t: Translate): string {
  const stepped = STEPPED.exec(name);
  return stepped ? `${stepped[1].replaceAll("#", "/")} · ${t("Step")} ${stepped[2]}` : name;
}

/** Images and tables below a reference, folder by folder. */
async function pictures(
  scope: string,
  uri: string,
  tables: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  const folders = [""];
  for (let at = 0; at < folders.length && at < MOST_FOLDERS && found.length < MOST_SHOWN; at += 1) {
    const path = folders[at];
    const below = path ? `${path}/` : "";
    let list: StoredFile[];
    try {
      list = await everything<StoredFile>(`${scope}/smalt/files${query({ uri, path })}`, signal, 2);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) continue;
      throw error;
    }
    for (const file of list) {
      if (file.isFolder) folders.push(below + file.name);
      else if (SMALL_COPY.test(file.name)) continue;
      else if (isImage(file.name) || isTable(file.name) || isChart(file.name) || tables.has(below + file.name))
        found.push({ ...file, name: below + file.name });
    }
  }
  return found.slice(0, MOST_SHOWN);
}
