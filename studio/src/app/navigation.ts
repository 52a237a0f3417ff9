/** What stands in the navigation. A page that is added gets its line here and its route in `router.tsx`. */
import {
  AppsList20Regular,
  BookSearch20Regular,
  Box20Regular,
  BranchFork20Regular,
  ClipboardTaskListLtr20Regular,
  Cube20Regular,
  Database20Regular,
  Organization20Regular,
  Pulse20Regular,
  Home20Regular,
  Notebook20Regular,
  CalendarClock20Regular,
  People20Regular,
  PlugConnected20Regular,
  Rocket20Regular,
  Server20Regular,
  Beaker20Regular,
  Timeline20Regular,
  Flow20Regular,
  Library20Regular,
  Settings20Regular,
  Sparkle20Regular,
  type FluentIcon,
} from "@fluentui/react-icons";
import type { QueryClient } from "@tanstack/react-query";
import { jobsAhead } from "../features/jobs/jobPages";
import type { Message } from "./i18n";

export interface Entry {
  title: Message;
  to: string;
  icon: FluentIcon;
  /** Asks for what the page shows, as soon as somebody points at it. */
  ahead?: (client: QueryClient, scope: string) => void;
}

export interface Group {
  title: Message | null;
  entries: Entry[];
}

export const navigation: Group[] = [
  {
    title: null,
    entries: [
      { title: "Home", to: "/", icon: Home20Regular },
      { title: "Model catalog", to: "/catalog", icon: BookSearch20Regular },
    ],
  },
  {
    title: "Authoring",
    entries: [
      { title: "Notebooks", to: "/notebooks", icon: Notebook20Regular },
      { title: "Prompt flow", to: "/flows", icon: BranchFork20Regular },
      { title: "Automated ML", to: "/automl", icon: Sparkle20Regular },
      { title: "Designer", to: "/designer", icon: Organization20Regular },
    ],
  },
  {
    title: "Assets",
    entries: [
      { title: "Data", to: "/assets/data", icon: Database20Regular },
      { title: "Jobs", to: "/jobs", icon: Beaker20Regular, ahead: jobsAhead },
      { title: "Components", to: "/assets/components", icon: AppsList20Regular },
      { title: "Pipelines", to: "/pipelines", icon: Flow20Regular },
      { title: "Environments", to: "/assets/environments", icon: Box20Regular },
      { title: "Models", to: "/assets/models", icon: Cube20Regular },
      { title: "Endpoints", to: "/endpoints", icon: Rocket20Regular },
      { title: "Traces", to: "/traces", icon: Timeline20Regular },
    ],
  },
  {
    title: "Manage",
    entries: [
      { title: "Compute", to: "/compute", icon: Server20Regular },
      { title: "Monitoring", to: "/monitoring", icon: Pulse20Regular },
      { title: "Connections", to: "/connections", icon: PlugConnected20Regular },
      { title: "Schedules", to: "/schedules", icon: CalendarClock20Regular },
      { title: "Registries", to: "/registries", icon: Library20Regular },
      { title: "Access", to: "/access", icon: People20Regular },
      { title: "Audit", to: "/audit", icon: ClipboardTaskListLtr20Regular },
      { title: "Workspace", to: "/workspace", icon: Settings20Regular },
    ],
  },
];
