import { useNavigate, useSearch } from "@tanstack/react-router";
import { FileBrowser } from "../../ui/FileBrowser";
import type { TabProps } from "./JobPage";

/** The code as it was when the job was submitted. */
export default function CodeTab({ job }: TabProps) {
  const { path = "" } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  return (
    <FileBrowser
      uri={job.properties.codeId ?? ""}
      path={path}
      onOpen={(next) => void navigate({ search: (old) => ({ ...old, path: next || undefined }) })}
    />
  );
}
