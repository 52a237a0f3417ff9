import { useParams } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, type ComponentType, type LazyExoticComponent, type ReactNode } from "react";
import { useT, type Message } from "../../app/i18n";
import { NotHere } from "../../app/NotHere";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Waiting";

interface Kind {
  title: Message;
  back: (title: string) => ReactNode;
  backTitle: Message;
  form: LazyExoticComponent<ComponentType>;
}

const assets = (kind: string) =>
  function Back(title: string) {
    return (
      <Link to="/assets/$kind" params={{ kind }}>
        {title}
      </Link>
    );
  };

/** What can be made in the browser. */
const KINDS: Record<string, Kind> = {
  data: {
    title: "Register data",
    back: assets("data"),
    backTitle: "Data",
    form: lazy(() => import("./AssetForm").then(({ DataForm }) => ({ default: DataForm }))),
  },
  models: {
    title: "Register a model",
    back: assets("models"),
    backTitle: "Models",
    form: lazy(() => import("./AssetForm").then(({ ModelForm }) => ({ default: ModelForm }))),
  },
  environments: {
    title: "Create an environment",
    back: assets("environments"),
    backTitle: "Environments",
    form: lazy(() => import("./EnvironmentForm")),
  },
  compute: {
    title: "Create a compute",
    back: (title) => <Link to="/compute">{title}</Link>,
    backTitle: "Compute",
    form: lazy(() => import("./ComputeForm")),
  },
  connections: {
    title: "Create a connection",
    back: (title) => <Link to="/connections">{title}</Link>,
    backTitle: "Connections",
    form: lazy(() => import("./ConnectionForm")),
  },
  registries: {
    title: "Create a registry",
    back: (title) => <Link to="/registries">{title}</Link>,
    backTitle: "Registries",
    form: lazy(() => import("./RegistryForm")),
  },
  schedules: {
    title: "Create a schedule",
    back: (title) => <Link to="/schedules">{title}</Link>,
    backTitle: "Schedules",
    form: lazy(() => import("./ScheduleForm")),
  },
};

export function CreatePage() {
  const t = useT();
  const { kind } = useParams({ from: "/new/$kind" });
  const found = KINDS[kind];
  if (!found) return <NotHere />;
  const Form = found.form;
  return (
    <Page title={t(found.title)} above={found.back(t(found.backTitle))}>
      <Suspense fallback={<Waiting />}>
        <Form />
      </Suspense>
    </Page>
  );
}
