import { Button, Field, Input, Select, Tab, TabList, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { json } from "../../api/client";
import { flowPath, flows as flowsQuery, flowVersions, templates, type Flow, type FlowFile } from "../../api/flows";
import { useT, type Message } from "../../app/i18n";
import { useScope, useWorkspace } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Problem } from "../../ui/Problem";
import { fileFrom, isPath } from "./edits";
import { TYPES } from "./words";

/** What a new flow begins with. */
type Beginning =
  { template: string } | { files: FlowFile[] } | { cloneOf: { flow: string; version?: number; workspace?: string } };

/** A new flow: from the gallery, from a folder of this machine, or as a copy of another. */
export function NewFlow({ way }: { way: string }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [beginning, setBeginning] = useState<Beginning | null>(null);
  const create = useMutation({
    mutationFn: () =>
      json<Flow>(flowPath(scope, name), {
        method: "PUT",
        body: { ...beginning, description: description || undefined },
      }),
    onSuccess: async (flow) => {
      await client.invalidateQueries({ queryKey: ["flows", scope] });
      void navigate({ to: "/flows/$name", params: { name: flow.name } });
    },
  });
  const begin = (next: Beginning | null, suggested?: string) => {
    setBeginning(next);
    if (suggested && !name) setName(nameOf(suggested));
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <TabList
        selectedValue={way}
        onTabSelect={(_, { value }) => {
          setBeginning(null);
          void navigate({ to: "/flows", search: { create: String(value) }, replace: true });
        }}
      >
        <Tab value="gallery">{t("Gallery")}</Tab>
        <Tab value="upload">{t("Upload a folder")}</Tab>
        <Tab value="clone">{t("Clone a flow")}</Tab>
      </TabList>
      {way === "upload" ? (
        <Upload onChange={begin} />
      ) : way === "clone" ? (
        <CloneOf onChange={begin} />
      ) : (
        <Gallery chosen={beginning && "template" in beginning ? beginning.template : ""} onChange={begin} />
      )}
      <Field label={t("Name")} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t("Description")}>
        <Textarea rows={2} value={description} onChange={(_, { value }) => setDescription(value)} />
      </Field>
      {create.error && <Problem error={create.error} />}
      <div>
        <Button appearance="primary" type="submit" disabled={!name || !beginning || create.isPending}>
          {t("Create the flow")}
        </Button>
      </div>
    </form>
  );
}

interface WayProps {
  onChange: (beginning: Beginning | null, suggested?: string) => void;
}

function Gallery({ chosen, onChange }: WayProps & { chosen: string }) {
  const t = useT();
  const found = useQuery(templates(useScope()));
  return (
    <Loaded of={found}>
      {(all) => (
        <div className="flow-gallery" role="radiogroup" aria-label={t("Gallery")}>
          {all.map((each) => (
            <label key={each.name} className={`flow-card ${chosen === each.name ? "chosen" : ""}`}>
              <input
                type="radio"
                name="template"
                checked={chosen === each.name}
                onChange={() => onChange({ template: each.name }, each.name)}
              />
              <strong>{t(each.displayName as Message)}</strong>
              <span className="faint">{t(TYPES[each.type] ?? "Standard")}</span>
              <span>{t(each.description as Message)}</span>
            </label>
          ))}
        </div>
      )}
    </Loaded>
  );
}

/** Folders that hold what was made, not what was written. */
const LEFT_OUT = /(^|\/)(\.git|\.promptflow|__pycache__|\.venv|node_modules|\.runs)(\/|$)|\.pyc$/;

function Upload({ onChange }: WayProps) {
  const t = useT();
  const [about, setAbout] = useState("");
  const read = async (list: FileList | null) => {
    const chosen = [...(list ?? [])];
    const files: FlowFile[] = [];
    for (const file of chosen) {
      const path = (file.webkitRelativePath || file.name)
        .split("/")
        .slice(file.webkitRelativePath ? 1 : 0)
        .join("/");
      if (isPath(path) && !LEFT_OUT.test(path)) files.push(await fileFrom(path, file));
    }
    setAbout(files.length > 0 ? files.map(({ path }) => path).join(", ") : t("No files."));
    onChange(files.length > 0 ? { files } : null, chosen[0]?.webkitRelativePath.split("/")[0]);
  };
  return (
    <Field label={t("Folder with a flow.dag.yaml, a flow.flex.yaml or a .prompty")} hint={about}>
      <input
        type="file"
        multiple
        aria-label={t("Upload a folder")}
        ref={(input) => input?.setAttribute("webkitdirectory", "")}
        onChange={(event) => void read(event.target.files)}
      />
    </Field>
  );
}

function CloneOf({ onChange }: WayProps) {
  const t = useT();
  const { scope, all } = useWorkspace();
  const [from, setFrom] = useState(scope);
  const [flow, setFlow] = useState("");
  const [version, setVersion] = useState("");
  const found = useQuery(flowsQuery(from));
  const versions = useQuery({ ...flowVersions(from, flow), enabled: flow !== "" });
  const choose = (workspace: string, name: string, number: string) => {
    setFrom(workspace);
    setFlow(name);
    setVersion(number);
    if (!name) return onChange(null);
    const cloneOf = {
      flow: name,
      version: number ? Number(number) : undefined,
      workspace: workspace === scope ? undefined : workspace,
    };
    return onChange({ cloneOf }, `${name}-copy`);
  };
  return (
    <>
      <Field label={t("Workspace")}>
        <Select value={from} onChange={(_, { value }) => choose(value, "", "")}>
          {all.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </Select>
      </Field>
      <Loaded of={found}>
        {(list) => (
          <Field label={t("Flow")}>
            <Select value={flow} onChange={(_, { value }) => choose(from, value, "")}>
              <option value="">–</option>
              {list.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
        )}
      </Loaded>
      {flow && (
        <Field label={t("Version")}>
          <Select value={version} onChange={(_, { value }) => choose(from, flow, value)}>
            <option value="">{t("The newest")}</option>
            {versions.data?.map((each) => (
              <option key={each.version}>{each.version}</option>
            ))}
          </Select>
        </Field>
      )}
    </>
  );
}

const nameOf = (text: string): string => text.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[-_]+|-+$/g, "");
