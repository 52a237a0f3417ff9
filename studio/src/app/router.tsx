import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
  type AnyRoute,
} from "@tanstack/react-router";
import { Problem } from "../ui/Problem";
import { VIEW_KEYS } from "../features/jobs/chartView";
import { HomePage } from "../features/home/HomePage";
import { NotHere } from "./NotHere";
import { Shell } from "./Shell";

type Search = Record<string, unknown>;

const text = (search: Search, name: string): string | undefined => {
  const value = search[name];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value ? value : undefined;
};

/** Keeps these text parameters of an address, and drops whatever else stands in it. */
function texts<const Name extends string>(...names: Name[]) {
  return (search: Search): { [name in Name]?: string } =>
    Object.fromEntries(names.map((name) => [name, text(search, name)]).filter(([, value]) => value !== undefined)) as {
      [name in Name]?: string;
    };
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotHere,
  validateSearch: texts("wsid"),
  search: { middlewares: [retainSearchParams(["wsid"])] },
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: HomePage });

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  validateSearch: texts("q", "status", "type", "experiment", "schedule", "view", "metrics"),
  component: lazyRouteComponent(() => import("../features/jobs/JobsPage"), "JobsPage"),
});

export const jobRoute = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$name",
  validateSearch: texts("tab", "file", "path", "step", "find", "part", "dashboard", ...VIEW_KEYS),
  component: lazyRouteComponent(() => import("../features/jobs/JobPage"), "JobPage"),
});

const fromMlflow = createRoute({
  getParentRoute: () => root,
  path: "/mlflow",
  validateSearch: texts("workspace"),
  component: lazyRouteComponent(() => import("../features/jobs/FromMlflow"), "FromMlflowPage"),
});

const clone = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$name/clone",
  component: lazyRouteComponent(() => import("../features/jobs/ClonePage"), "ClonePage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: texts("jobs", "tab", "all", "across", "up", ...VIEW_KEYS),
  component: lazyRouteComponent(() => import("../features/compare/ComparePage"), "ComparePage"),
});

const assets = createRoute({
  getParentRoute: () => root,
  path: "/assets/$kind",
  validateSearch: texts("q", "archived"),
  component: lazyRouteComponent(() => import("../features/assets/AssetsPage"), "AssetsPage"),
});

const asset = createRoute({
  getParentRoute: () => root,
  path: "/assets/$kind/$name",
  validateSearch: texts("version", "tab", "path", "part", "dashboard"),
  component: lazyRouteComponent(() => import("../features/assets/AssetPage"), "AssetPage"),
});

const endpoints = createRoute({
  getParentRoute: () => root,
  path: "/endpoints",
  validateSearch: texts("kind"),
  component: lazyRouteComponent(() => import("../features/endpoints/EndpointsPage"), "EndpointsPage"),
});

const endpoint = createRoute({
  getParentRoute: () => root,
  path: "/endpoints/online/$name",
  validateSearch: texts("tab", "deployment", "container", "minutes"),
  component: lazyRouteComponent(() => import("../features/endpoints/EndpointPage"), "EndpointPage"),
});

const batch = createRoute({
  getParentRoute: () => root,
  path: "/endpoints/batch/$name",
  validateSearch: texts("tab"),
  component: lazyRouteComponent(() => import("../features/endpoints/BatchPage"), "BatchPage"),
});

const deploy = createRoute({
  getParentRoute: () => root,
  path: "/deploy",
  validateSearch: texts("kind", "endpoint", "model", "version"),
  component: lazyRouteComponent(() => import("../features/endpoints/DeployPage"), "DeployPage"),
});

const catalog = createRoute({
  getParentRoute: () => root,
  path: "/catalog",
  validateSearch: texts(
    "q",
    "task",
    "publisher",
    "license",
    "capability",
    "deployment",
    "fineTuningTask",
    "registry",
    "compare",
  ),
  component: lazyRouteComponent(() => import("../features/catalog/CatalogPage"), "CatalogPage"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/catalog/$name",
  validateSearch: texts("tab"),
  component: lazyRouteComponent(() => import("../features/catalog/ModelPage"), "ModelPage"),
});

const playground = createRoute({
  getParentRoute: () => root,
  path: "/playground",
  validateSearch: texts("endpoint"),
  component: lazyRouteComponent(() => import("../features/catalog/PlaygroundPage"), "PlaygroundPage"),
});

const create = createRoute({
  getParentRoute: () => root,
  path: "/new/$kind",
  validateSearch: texts("name", "type", "uri", "job"),
  component: lazyRouteComponent(() => import("../features/create/CreatePage"), "CreatePage"),
});

const flows = createRoute({
  getParentRoute: () => root,
  path: "/flows",
  validateSearch: texts("q", "create", "tab"),
  component: lazyRouteComponent(() => import("../features/flows/FlowsPage"), "FlowsPage"),
});

const flowExperiment = createRoute({
  getParentRoute: () => root,
  path: "/flows/experiments/$experiment",
  validateSearch: texts("start"),
  component: lazyRouteComponent(() => import("../features/flows/experiments/ExperimentPage"), "ExperimentPage"),
});

const flow = createRoute({
  getParentRoute: () => root,
  path: "/flows/$name",
  validateSearch: texts("tab", "file", "node", "tests", "jobs", "begin", "from", "to", "merge"),
  component: lazyRouteComponent(() => import("../features/flows/FlowPage"), "FlowPage"),
});

const flowRun = createRoute({
  getParentRoute: () => root,
  path: "/flows/$name/runs/$job",
  validateSearch: texts("line", "status", "evaluate"),
  component: lazyRouteComponent(() => import("../features/flows/runs/FlowRunPage"), "FlowRunPage"),
});

const computes = createRoute({
  getParentRoute: () => root,
  path: "/compute",
  component: lazyRouteComponent(() => import("../features/manage/ComputePage"), "ComputePage"),
});

const schedules = createRoute({
  getParentRoute: () => root,
  path: "/schedules",
  component: lazyRouteComponent(() => import("../features/manage/SchedulesPage"), "SchedulesPage"),
});

const schedule = createRoute({
  getParentRoute: () => root,
  path: "/schedules/$name",
  component: lazyRouteComponent(() => import("../features/manage/SchedulePage"), "SchedulePage"),
});

const monitors = createRoute({
  getParentRoute: () => root,
  path: "/monitoring",
  component: lazyRouteComponent(() => import("../features/monitoring/MonitorsPage"), "MonitorsPage"),
});

const newMonitor = createRoute({
  getParentRoute: () => root,
  path: "/monitoring/new",
  validateSearch: texts("deployment"),
  component: lazyRouteComponent(() => import("../features/monitoring/NewMonitorPage"), "NewMonitorPage"),
});

const monitor = createRoute({
  getParentRoute: () => root,
  path: "/monitoring/$name",
  validateSearch: texts("tab", "signal", "metric", "feature", "run"),
  component: lazyRouteComponent(() => import("../features/monitoring/MonitorPage"), "MonitorPage"),
});

const connections = createRoute({
  getParentRoute: () => root,
  path: "/connections",
  component: lazyRouteComponent(() => import("../features/manage/ConnectionsPage"), "ConnectionsPage"),
});

const access = createRoute({
  getParentRoute: () => root,
  path: "/access",
  component: lazyRouteComponent(() => import("../features/manage/AccessPage"), "AccessPage"),
});

const tokens = createRoute({
  getParentRoute: () => root,
  path: "/tokens",
  component: lazyRouteComponent(() => import("../features/manage/TokensPage"), "TokensPage"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: texts("actor", "action", "resource"),
  component: lazyRouteComponent(() => import("../features/manage/AuditPage"), "AuditPage"),
});

const designer = createRoute({
  getParentRoute: () => root,
  path: "/designer",
  validateSearch: texts("job", "component"),
  component: lazyRouteComponent(() => import("../features/designer/DraftsPage"), "DraftsPage"),
});

const designed = createRoute({
  getParentRoute: () => root,
  path: "/designer/$draft",
  validateSearch: texts("way", "step", "view"),
  component: lazyRouteComponent(() => import("../features/designer/EditorPage"), "EditorPage"),
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: texts("filter", "session", "flow", "endpoint", "job", "status", "minSeconds"),
  component: lazyRouteComponent(() => import("../features/traces/TracesPage"), "TracesPage"),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$id",
  validateSearch: texts("span"),
  component: lazyRouteComponent(() => import("../features/traces/TracePage"), "TracePage"),
});

const datastores = createRoute({
  getParentRoute: () => root,
  path: "/datastores",
  component: lazyRouteComponent(() => import("../features/datastores/DatastoresPage"), "DatastoresPage"),
});

const datastore = createRoute({
  getParentRoute: () => root,
  path: "/datastores/$name",
  validateSearch: texts("path"),
  component: lazyRouteComponent(() => import("../features/datastores/DatastorePage"), "DatastorePage"),
});

const registries = createRoute({
  getParentRoute: () => root,
  path: "/registries",
  component: lazyRouteComponent(() => import("../features/registries/RegistriesPage"), "RegistriesPage"),
});

const registry = createRoute({
  getParentRoute: () => root,
  path: "/registries/$name",
  validateSearch: texts("kind"),
  component: lazyRouteComponent(() => import("../features/registries/RegistryPage"), "RegistryPage"),
});

const pipelines = createRoute({
  getParentRoute: () => root,
  path: "/pipelines",
  validateSearch: texts("tab"),
  component: lazyRouteComponent(() => import("../features/pipelines/PipelinesPage"), "PipelinesPage"),
});

const automl = createRoute({
  getParentRoute: () => root,
  path: "/automl",
  component: lazyRouteComponent(() => import("../features/automl/AutoMLPage"), "AutoMLPage"),
});

const newAutoml = createRoute({
  getParentRoute: () => root,
  path: "/automl/new",
  validateSearch: texts("data"),
  component: lazyRouteComponent(() => import("../features/automl/NewAutoMLPage"), "NewAutoMLPage"),
});

const workspace = createRoute({
  getParentRoute: () => root,
  path: "/workspace",
  component: lazyRouteComponent(() => import("../features/manage/WorkspacePage"), "WorkspacePage"),
});

const notebooks = createRoute({
  getParentRoute: () => root,
  path: "/notebooks",
  validateSearch: texts("path"),
  component: lazyRouteComponent(() => import("../features/notebooks/NotebooksPage"), "NotebooksPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    jobs,
    jobRoute,
    fromMlflow,
    clone,
    compare,
    assets,
    asset,
    endpoints,
    endpoint,
    batch,
    deploy,
    catalog,
    model,
    playground,
    create,
    flows,
    flowExperiment,
    flow,
    flowRun,
    computes,
    schedules,
    schedule,
    monitors,
    newMonitor,
    monitor,
    connections,
    access,
    tokens,
    audit,
    designer,
    designed,
    traces,
    trace,
    datastores,
    datastore,
    registries,
    registry,
    pipelines,
    automl,
    newAutoml,
    workspace,
    notebooks,
  ]),
  basepath: "/studio",
  defaultPreload: "intent",
  defaultErrorComponent: ({ error }) => <Problem error={error instanceof Error ? error : new Error(String(error))} />,
  // Search parameters as people write them: text, not JSON.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const kept = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
    const found = new URLSearchParams(kept.map(([key, value]) => [key, String(value)])).toString();
    return found ? `?${found.replaceAll("%2F", "/").replaceAll("%2C", ",")}` : "";
  },
});

/** Fetches the code of the page that the address names. */
export function fetchPage(): void {
  const routes: Record<string, AnyRoute> = router.routesById;
  const matches: { routeId: string }[] = router.matchRoutes(router.latestLocation);
  for (const { routeId } of matches) void routes[routeId]?.options.component?.preload?.();
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
