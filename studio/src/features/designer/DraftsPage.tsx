import { Button } from "@fluentui/react-components";
import { Add20Regular, Delete16Regular, DocumentArrowUp20Regular, FolderOpen20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { json, query } from "../../api/client";
import { someJobs } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { showNotice } from "../../ui/Notices";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { When } from "../../ui/time";
import { Waiting } from "../../ui/Waiting";
import { drafts as kept, EMPTY, keep, made, remove, type Draft, type Kind } from "./drafts";
import { opened } from "./files";
import { SharedDrafts } from "./SharedDrafts";
import { parse, plain, textOf } from "./yaml";

/** Pipelines somebody works on here, and where to begin one. */
export function DraftsPage() {
  const t = useT();
  const { job, component } = useSearch({ from: "/designer" });
  if (job || component) return <Opening job={job} component={component} />;
  return (
    <Page title={t("Designer")} actions={<Beginnings />}>
      <Drafts />
      <SharedDrafts />
      <Known />
    </Page>
  );
}

/** Makes a draft of a pipeline of the workspace, and goes to it. */
function Opening({ job, component }: { job?: string; component?: string }) {
  const scope = useScope();
  const navigate = useNavigate();
  const found = useQuery({
    queryKey: ["pipelinetext", scope, job, component],
    queryFn: ({ signal }) =>
      json<{ kind: Kind; yaml: string }>(`${scope}/smalt/pipelines/text${query({ job, component })}`, { signal }),
    gcTime: 0,
  });
  useEffect(() => {
    if (!found.data) return;
    const { kind, yaml } = found.data;
    const name = textOf(plain(parse(yaml)).display_name) ?? job ?? component ?? "";
    const draft = made({ kind, name, text: yaml, path: `${(job ?? component ?? "").split(":")[0]}.yml` });
    keep(scope, draft);
    void navigate({ to: "/designer/$draft", params: { draft: draft.id }, replace: true });
  }, [found.data]);
  return found.error ? <Problem error={found.error} /> : <Waiting />;
}

/** How a pipeline is begun: empty, or from files. */
export function Beginnings() {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const begin = (draft: Draft) => {
    keep(scope, draft);
    void navigate({ to: "/designer/$draft", params: { draft: draft.id } });
  };
  const open = async (list: FileList | null) => {
    const found = await opened([...(list ?? [])]);
    if (found.length === 0)
      showNotice("error", t("There is no pipeline among these files: YAML with steps under jobs."));
    else if (found.length === 1) begin(found[0]);
    else {
      for (const each of found) keep(scope, each);
      window.dispatchEvent(new Event("smalt:drafts"));
      showNotice("success", t("{count} pipelines opened.", { count: found.length }));
    }
  };
  return (
    <>
      <input
        ref={file}
        type="file"
        hidden
        multiple
        accept=".yml,.yaml"
        aria-label={t("Open YAML")}
        onChange={({ target }) => void open(target.files)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label={t("Open a folder")}
        onChange={({ target }) => void open(target.files)}
        {...{ webkitdirectory: "" }}
      />
      <Button icon={<DocumentArrowUp20Regular />} onClick={() => file.current?.click()}>
        {t("Open YAML")}
      </Button>
      <Button icon={<FolderOpen20Regular />} onClick={() => folder.current?.click()}>
        {t("Open a folder")}
      </Button>
      <Button
        appearance="primary"
        icon={<Add20Regular />}
        onClick={() => begin(made({ name: t("New pipeline"), text: EMPTY }))}
      >
        {t("New pipeline")}
      </Button>
    </>
  );
}

/** What somebody works on in this browser. */
export function Drafts() {
  const t = useT();
  const scope = useScope();
  const [list, setList] = useState(() => kept(scope));
  useEffect(() => {
    const changed = () => setList(kept(scope));
    changed();
    window.addEventListener("smalt:drafts", changed);
    return () => window.removeEventListener("smalt:drafts", changed);
  }, [scope]);
  return (
    <Section title={t("Drafts in this browser")}>
      {list.length === 0 ? (
        <Empty>{t("Nothing here yet.")}</Empty>
      ) : (
        <Table
          label={t("Drafts in this browser")}
          rows={list}
          rowKey={({ id }) => id}
          columns={[
            {
              key: "name",
              title: t("Name"),
              cell: ({ id, name }) => (
                <Link to="/designer/$draft" params={{ draft: id }}>
                  {name}
                </Link>
              ),
            },
            { key: "kind", title: t("Type"), cell: ({ kind }) => (kind === "job" ? t("Pipeline") : t("Component")) },
            {
              key: "at",
              title: t("Changed"),
              cell: ({ changedAt }) => <When at={new Date(changedAt).toISOString()} />,
            },
            {
              key: "remove",
              title: t("Actions"),
              cell: ({ id, name }) => (
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<Delete16Regular />}
                  aria-label={t("Remove {name}", { name })}
                  onClick={() => {
                    remove(scope, id);
                    setList(kept(scope));
                  }}
                />
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

/** Pipelines of the workspace that can be opened. */
function Known() {
  const t = useT();
  const jobs = useQuery(someJobs(useScope(), { jobType: "Pipeline", $top: 20 }));
  return (
    <Section title={t("Pipelines that ran lately")}>
      <Loaded of={jobs}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("Nothing here yet.")}</Empty>
          ) : (
            <ul className="lines">
              {list.map(({ name, properties, systemData }) => (
                <li key={name}>
                  <Link to="/designer" search={{ job: name }}>
                    {properties.displayName || name}
                  </Link>
                  <When at={systemData.createdAt} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}
