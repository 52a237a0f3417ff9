import { Button, Select, Spinner } from "@fluentui/react-components";
import {
  LocalLanguage20Regular,
  Search20Regular,
  SignOut20Regular,
  WeatherMoon20Regular,
  WeatherSunny20Regular,
} from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { Suspense, useEffect, useState } from "react";
import { Empty } from "../ui/Empty";
import { Problem } from "../ui/Problem";
import { useWords } from "./i18n";
import { whenIdle } from "./later";
import { Logo } from "./Logo";
import { navigation } from "./navigation";
import { Notifications } from "./Notifications";
import { Palette } from "./Palette";
import { useSession } from "./SessionGate";
import { useTheme } from "./theme";
import { useChosenWorkspace, useScope, WorkspaceProvider } from "./workspace";
import { Waiting } from "../ui/Waiting";

export function Shell() {
  const { t } = useWords();
  const { workspace, all, isPending, error, wsid } = useChosenWorkspace();
  // The page that is opened most is there before it is asked for.
  useEffect(() => whenIdle(() => void import("../features/jobs/JobsPage")), []);
  if (isPending) return <Spinner className="whole" label={t("Opening the studio")} />;
  if (error) return <Problem error={error} />;
  if (!workspace) {
    return (
      <div className="whole">
        <Empty>
          {wsid ? t("You see no workspace {id}.", { id: wsid }) : t("You see no workspace. Ask for a role.")}
        </Empty>
      </div>
    );
  }
  return (
    <WorkspaceProvider here={{ workspace, all }}>
      <a className="skip" href="#content">
        {t("Skip to the content")}
      </a>
      <Header />
      <Navigation />
      <main id="content" className="content" tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </main>
    </WorkspaceProvider>
  );
}

function Header() {
  const { t, language, choose } = useWords();
  const { session, signOut } = useSession();
  const { shown, toggle } = useTheme();
  const [isSearching, setSearching] = useState(false);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching((open) => !open);
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return (
    <header className="header">
      <Logo />
      <Link to="/" className="brand">
        smalt studio
      </Link>
      <WorkspaceSwitcher />
      <button type="button" className="searchbox" onClick={() => setSearching(true)}>
        <Search20Regular aria-hidden />
        <span>{t("Search jobs, models, data …")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      {isSearching && <Palette onClose={() => setSearching(false)} />}
      <Notifications />
      <Link to="/tokens" className="person" title={t("Your tokens")}>
        {session.name}
      </Link>
      <Button
        appearance="subtle"
        icon={<LocalLanguage20Regular />}
        onClick={() => choose(language === "ja" ? "en" : "ja")}
        lang={language === "ja" ? "en" : "ja"}
      >
        {language === "ja" ? "English" : "日本語"}
      </Button>
      <Button
        appearance="subtle"
        icon={shown === "dark" ? <WeatherSunny20Regular /> : <WeatherMoon20Regular />}
        aria-label={shown === "dark" ? t("Light theme") : t("Dark theme")}
        title={shown === "dark" ? t("Light theme") : t("Dark theme")}
        onClick={toggle}
      />
      <Button
        appearance="subtle"
        icon={<SignOut20Regular />}
        aria-label={t("Sign out")}
        title={t("Sign out")}
        onClick={signOut}
      />
    </header>
  );
}

function WorkspaceSwitcher() {
  const { t } = useWords();
  const { workspace, all } = useChosenWorkspace();
  const navigate = useNavigate();
  return (
    <Select
      appearance="filled-lighter"
      className="workspaces"
      aria-label={t("Workspace")}
      value={workspace?.id ?? ""}
      onChange={(_, { value }) => void navigate({ to: "/", search: { wsid: value } })}
    >
      {all.map((each) => (
        <option key={each.id} value={each.id}>
          {each.name}
        </option>
      ))}
    </Select>
  );
}

function Navigation() {
  const { t } = useWords();
  const scope = useScope();
  const client = useQueryClient();
  return (
    <nav className="navigation" aria-label={t("Main")}>
      {navigation.map((group, index) => (
        <div key={group.title ?? index}>
          {group.title && <h2>{t(group.title)}</h2>}
          {group.entries.map(({ title, to, icon: Icon, ahead }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              className="entry"
              onPointerEnter={() => ahead?.(client, scope)}
              onFocus={() => ahead?.(client, scope)}
            >
              <Icon aria-hidden />
              <span>{t(title)}</span>
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}
