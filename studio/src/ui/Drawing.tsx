import { useQuery } from "@tanstack/react-query";
import { request } from "../api/client";
import type { StoredFile } from "../api/types";
import { Loaded } from "./Loaded";

/**
 * A drawing of SVG. Files come without a type, so that a browser runs nothing of them, and with none it draws no SVG;
 * in the address of a picture it can neither run nor fetch anything.
 */
export function Drawing({ file }: { file: StoredFile }) {
  const text = useQuery({
    queryKey: ["file", file.url, file.modifiedAt, "drawing"],
    queryFn: async ({ signal }) => (await request(file.url ?? "", { signal })).text(),
  });
  return (
    <Loaded of={text}>
      {(found) => <img className="preview-image" src={drawingAddress(found)} alt={file.name} />}
    </Loaded>
  );
}

export const drawingAddress = (text: string): string => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
