/** Folders that were opened on this page: their files can be uploaded until it is left or loaded again. */
import ignore from "ignore";
import { uploadCode, type Picked } from "../../api/uploads";

const MOST_BYTES = 300 * 1024 * 1024;
/** What the command line leaves out of code as well. */
const LEFT_OUT = /(?:^|\/)(?:\.git|__pycache__)\//;

const opened = new Map<string, ReadonlyMap<string, File>>();

export const hold = (draft: string, files: ReadonlyMap<string, File>): void => void opened.set(draft, files);

/** The files of a folder that was opened, by their path below it; none when nobody has opened it here. */
export function filesBelow(draft: string, folder: string): Picked[] {
  const start = folder === "" ? "" : `${folder}/`;
  return [...(opened.get(draft) ?? [])]
    .filter(([path]) => path.startsWith(start) && !LEFT_OUT.test(path))
    .map(([path, file]) => ({ path: path.slice(start.length), file }));
}

const IGNORING = [".amlignore", ".gitignore"];

/** What of a folder is uploaded: not what its `.amlignore` leaves out, or else its `.gitignore`. */
async function taken(files: Picked[]): Promise<Picked[]> {
  const rules = IGNORING.map((name) => files.find(({ path }) => path === name)).find(Boolean);
  if (!rules) return files;
  const ignored = ignore().add(await rules.file.text());
  return files.filter(({ path }) => !ignored.ignores(path));
}

/** Upload a folder that was opened; the id of the code. */
export async function uploaded(scope: string, draft: string, folder: string): Promise<string> {
  const files = await taken(filesBelow(draft, folder));
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  if (size > MOST_BYTES) throw new Error(`${folder}: ${size} bytes. Submit it with smalt job create.`);
  return uploadCode(scope, files);
}
