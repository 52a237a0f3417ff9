import { Button, Select, Tab, TabList } from "@fluentui/react-components";
import { Archive20Regular, ArrowUndo20Regular, Rocket20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { json } from "../../api/client";
import { versions as versionsQuery } from "../../api/queries";
import type { Asset, AssetKind, AssetProperties } from "../../api/types";
import { useT } from "../../app/i18n";
import { NotHere } from "../../app/NotHere";
import { useScope } from "../../app/workspace";
import { AssetLink } from "../../ui/AssetLink";
import { Copy } from "../../ui/Copy";
import { Empty } from "../../ui/Empty";
import { Facts } from "../../ui/Facts";
import { FileBrowser } from "../../ui/FileBrowser";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Section } from "../../ui/Section";
import { Table } from "../../ui/Table";
import { Tags } from "../../ui/Tags";
import { When } from "../../ui/time";
import { kindOf, KINDS } from "./kinds";
import { Waiting } from "../../ui/Waiting";
import { ShareButton } from "../registries/ShareButton";
import { packedModel, PackageButton } from "./PackageButton";
import { ServedBy } from "./ServedBy";

const Code = lazy(() => import("../../ui/Code"));
const Packages = lazy(() => import("./Packages"));
const ModelTab = lazy(() => import("../responsible/ModelTab"));
const LineageGraph = lazy(() => import("../lineage/LineageGraph"));

export function AssetPage() {
  const { kind: text, name } = useParams({ from: "/assets/$kind/$name" });
  const kind = kindOf(text);
  return kind ? <Versions key={`${kind}/${name}`} kind={kind} name={name} /> : <NotHere />;
}

function Versions({ kind, name }: { kind: AssetKind; name: string }) {
  const t = useT();
  const { version } = useSearch({ from: "/assets/$kind/$name" });
  const found = useQuery(versionsQuery(useScope(), kind, name));
  return (
    <Loaded of={found}>
      {(versions) => {
        const shown = versions.find((each) => each.name === version) ?? (version ? undefined : versions[0]);
        if (!shown) return <Empty>{t("There is no such version.")}</Empty>;
        return <Found kind={kind} name={name} shown={shown} versions={versions} />;
      }}
    </Loaded>
  );
}

interface FoundProps {
  kind: AssetKind;
  name: string;
  shown: Asset;
  versions: Asset[];
}

function Found({ kind, name, shown, versions }: FoundProps) {
  const t = useT();
  const { tab = "details", path = "" } = useSearch({ from: "/assets/$kind/$name" });
  const navigate = useNavigate({ from: "/assets/$kind/$name" });
  const change = useChange(kind, name, shown);
  const { files } = KINDS[kind];
  const isArchived = shown.properties.isArchived;
  const open = (values: { tab?: string; path?: string; version?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...values }) });
  return (
    <Page
      title={name}
      above={
        <Link to="/assets/$kind" params={{ kind }}>
          {t(KINDS[kind].title)}
        </Link>
      }
      badge={
        <Select
          aria-label={t("Version")}
          value={shown.name}
          onChange={(_, { value }) => open({ version: value, path: undefined })}
        >
          {versions.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
        </Select>
      }
      actions={
        <>
          {isPipeline(shown) && (
            <Link to="/designer" search={{ component: `${name}:${shown.name}` }}>
              {t("Open in designer")}
            </Link>
          )}
          {kind === "models" && (
            <Button
              appearance="primary"
              icon={<Rocket20Regular />}
              onClick={() => void navigate({ to: "/deploy", search: { model: name, version: shown.name } })}
            >
              {t("Deploy")}
            </Button>
          )}
          {kind === "models" && text(shown.properties, "modelType") === "mlflow_model" && (
            <PackageButton key={`package-${name}:${shown.name}`} name={name} version={shown.name} />
          )}
          <ShareButton key={`${name}:${shown.name}`} kind={kind} name={name} version={shown.name} />
          <Button
            icon={isArchived ? <ArrowUndo20Regular /> : <Archive20Regular />}
            onClick={() => change.mutate({ isArchived: !isArchived })}
          >
            {isArchived ? t("Restore") : t("Archive")}
          </Button>
        </>
      }
    >
      <TabList selectedValue={tab} onTabSelect={(_, { value }) => open({ tab: String(value), path: undefined })}>
        <Tab value="details">{t("Details")}</Tab>
        {files && <Tab value="files">{t("Files")}</Tab>}
        {(kind === "data" || kind === "models") && <Tab value="lineage">{t("Lineage")}</Tab>}
        {kind === "models" && <Tab value="responsible">{t("Responsible AI")}</Tab>}
        {kind === "environments" && <Tab value="packages">{t("Packages")}</Tab>}
        <Tab value="versions">{t("Versions")}</Tab>
        <Tab value="definition">{t("Definition")}</Tab>
      </TabList>
      <div className="tab-body">
        {tab === "files" && files ? (
          <FileBrowser uri={shown.id} path={path} onOpen={(next) => open({ path: next || undefined })} />
        ) : tab === "lineage" && (kind === "data" || kind === "models") ? (
          <Suspense fallback={<Waiting />}>
            <LineageGraph kind={kind} name={name} version={shown.name} />
          </Suspense>
        ) : tab === "responsible" && kind === "models" ? (
          <Suspense fallback={<Waiting />}>
            <ModelTab key={shown.name} name={name} version={shown.name} />
          </Suspense>
        ) : tab === "packages" && kind === "environments" ? (
          <Suspense fallback={<Waiting />}>
            <Packages name={name} version={shown.name} />
          </Suspense>
        ) : tab === "versions" ? (
          <VersionTable kind={kind} name={name} versions={versions} />
        ) : tab === "definition" ? (
          <Suspense fallback={<Waiting />}>
            <Code text={JSON.stringify(shown.properties, null, 2)} name="asset.json" label={t("Definition")} />
          </Suspense>
        ) : (
          <Details kind={kind} name={name} shown={shown} onTags={(tags) => change.mutate({ tags })} />
        )}
      </div>
    </Page>
  );
}

const isPipeline = ({ properties }: Asset): boolean =>
  (properties.componentSpec as Record<string, unknown> | undefined)?.type === "pipeline";

/** Writes a version with other tags, or archived. */
function useChange(kind: AssetKind, name: string, shown: Asset) {
  const scope = useScope();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (changes: { tags?: Record<string, string | null>; isArchived?: boolean }) => {
      const merged = { ...shown.properties.tags, ...changes.tags };
      const tags = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
      const properties = { ...shown.properties, ...changes, tags };
      const path = `${scope}/${kind}/${encodeURIComponent(name)}/versions/${encodeURIComponent(shown.name)}`;
      return json<Asset>(path, { method: "PUT", body: { properties } });
    },
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: [kind, scope, name] }),
        client.invalidateQueries({ queryKey: [kind, scope, ""] }),
      ]),
  });
}

interface DetailsProps {
  kind: AssetKind;
  name: string;
  shown: Asset;
  onTags: (tags: Record<string, string | null>) => void;
}

const text = (properties: AssetProperties, key: string): string | undefined => {
  const value = properties[key];
  return typeof value === "string" && value ? value : undefined;
};

function Details({ kind, name, shown, onTags }: DetailsProps) {
  const t = useT();
  const { properties } = shown;
  const job = text(properties, "jobName") ?? properties.properties["azureml.jobName"];
  const uri = text(properties, "dataUri") ?? text(properties, "modelUri");
  const flavors = properties.flavors as Record<string, unknown> | null | undefined;
  const component = properties.componentSpec as Record<string, unknown> | undefined;
  const reference = `azureml:${name}:${shown.name}`;
  const packed = kind === "environments" ? packedModel(properties.properties) : undefined;
  return (
    <>
      <div className="columns">
        <Section title={t("Properties")}>
          <Facts
            of={[
              [
                t("Reference"),
                <span key="reference" className="row">
                  <code>{reference}</code>
                  <Copy text={reference} />
                </span>,
              ],
              [
                t("Type"),
                text(properties, "dataType") ??
                  text(properties, "modelType") ??
                  (component?.type as string | undefined),
              ],
              [t("Description"), properties.description],
              [t("Created"), <When key="created" at={shown.systemData.createdAt} />],
              [t("Created by"), shown.systemData.createdBy],
              [t("Made by the job"), job && <AssetLink id={`/jobs/${job}`} />],
              [t("Path"), uri && <code className="wrap">{uri}</code>],
              [t("Packed model"), packed && <AssetLink key="packed" id={packed} />],
              [t("Image"), text(properties, "image") && <code className="wrap">{text(properties, "image")}</code>],
              [t("Flavors"), flavors && Object.keys(flavors).join(", ")],
            ]}
          />
        </Section>
        <div>
          <Section title={t("Tags")}>
            <Tags tags={properties.tags} onChange={onTags} />
          </Section>
          {kind === "models" && <ServedBy name={name} version={shown.name} />}
        </div>
      </div>
      {text(properties, "condaFile") && (
        <Section title="conda.yaml">
          <Suspense fallback={<Waiting />}>
            <Code text={text(properties, "condaFile") ?? ""} name="conda.yaml" label="conda.yaml" />
          </Suspense>
        </Section>
      )}
      {component && kind === "components" && <Ports component={component} />}
    </>
  );
}

type Port = { type?: string; description?: string; default?: unknown; optional?: unknown };

function Ports({ component }: { component: Record<string, unknown> }) {
  const t = useT();
  const sides: [string, unknown][] = [
    [t("Inputs"), component.inputs],
    [t("Outputs"), component.outputs],
  ];
  return sides.map(([title, ports]) => {
    const rows = Object.entries((ports ?? {}) as Record<string, Port>);
    if (rows.length === 0) return null;
    return (
      <Section key={title} title={title}>
        <Table
          label={title}
          rows={rows}
          rowKey={([name]) => name}
          columns={[
            { key: "name", title: t("Name"), cell: ([name]) => name },
            { key: "type", title: t("Type"), cell: ([, port]) => port.type ?? "" },
            { key: "default", title: t("Default"), cell: ([, port]) => String(port.default ?? "") },
            { key: "description", title: t("Description"), cell: ([, port]) => port.description ?? "" },
          ]}
        />
      </Section>
    );
  });
}

function VersionTable({ kind, name, versions }: Omit<FoundProps, "shown">) {
  const t = useT();
  return (
    <Table
      label={t("Versions")}
      rows={versions}
      rowKey={(version) => version.name}
      columns={[
        {
          key: "version",
          title: t("Version"),
          cell: (version) => (
            <Link to="/assets/$kind/$name" params={{ kind, name }} search={{ version: version.name }}>
              {version.name}
            </Link>
          ),
        },
        { key: "state", title: t("State"), cell: (version) => (version.properties.isArchived ? t("Archived") : "") },
        { key: "tags", title: t("Tags"), cell: (version) => <Tags tags={version.properties.tags} /> },
        { key: "at", title: t("Created"), cell: (version) => <When at={version.systemData.createdAt} /> },
        { key: "by", title: t("Created by"), cell: (version) => version.systemData.createdBy },
      ]}
    />
  );
}
