import { Button, CounterBadge, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Alert20Regular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { json } from "../api/client";
import type { Topic } from "../api/live";
import { ENDED } from "../api/types";
import { showNotice } from "../ui/Notices";
import { Status, wordOf } from "../ui/Status";
import { When } from "../ui/time";
import { activity, keepActivity, onActivity, type Going } from "./activity";
import { useT } from "./i18n";
import { useChanges, useScope } from "./workspace";

const SETTLED: ReadonlySet<string> = new Set([...ENDED, "Succeeded"]);

interface Seen {
  properties: { status?: string; provisioningState?: string; displayName?: string };
}

const pathOf = ({ kind, scope, name }: Going): string => {
  if (kind === "job") return `${scope}/jobs/${encodeURIComponent(name)}`;
  const [endpoint, deployment] = name.split("/").map(encodeURIComponent);
  return `${scope}/onlineEndpoints/${endpoint}/deployments/${deployment}`;
};

/** What was set going from this browser: how it stands, and a word when it has ended. */
export function Notifications() {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const text = useSyncExternalStore(onActivity, () => localStorage.getItem("smalt.activity") ?? "");
  const all = text ? activity().filter((each) => each.scope === scope) : [];
  const unseen = all.filter(({ isSeen }) => !isSeen).length;

  const look = useCallback(
    async (each: Going) => {
      const found = await json<Seen>(pathOf(each)).catch(() => null);
      const state = found?.properties.status ?? found?.properties.provisioningState;
      const title = found?.properties.displayName || each.name;
      const ended = found === null ? "Canceled" : state && SETTLED.has(state) ? state : undefined;
      if (!ended && title === each.title) return;
      const before = activity();
      const known = before.find(({ kind, name, at }) => kind === each.kind && name === each.name && at === each.at);
      if (!known || known.ended) return;
      keepActivity(
        before.map((one) => (one === known ? { ...one, title, ended, isSeen: ended ? false : one.isSeen } : one)),
      );
      if (ended && found) {
        showNotice(
          ended === "Failed" ? "error" : "success",
          t("{name} has ended: {status}.", { name: title, status: wordOf(ended, t) }),
        );
      }
    },
    [t],
  );
  const going = useCallback(
    (topics?: Topic[]) =>
      activity().filter(
        (each) =>
          each.scope === scope &&
          !each.ended &&
          (!topics ||
            topics.some(
              ({ kind, name }) =>
                kind === "everything" ||
                (each.kind === "job" ? kind === "jobs" && name === each.name : kind === "endpoints"),
            )),
      ),
    [scope],
  );
  useChanges(useCallback((topics: Topic[]) => going(topics).forEach((each) => void look(each)), [going, look]));
  // What ended while no page was open.
  useEffect(() => going().forEach((each) => void look(each)), [going, look, client]);

  const seen = () => keepActivity(activity().map((each) => (each.scope === scope ? { ...each, isSeen: true } : each)));
  return (
    <Popover positioning="below-end" trapFocus onOpenChange={(_, { open }) => open && seen()}>
      <PopoverTrigger disableButtonEnhancement>
        <Button
          appearance="subtle"
          icon={<Alert20Regular />}
          aria-label={unseen > 0 ? t("Notifications, {count} new", { count: unseen }) : t("Notifications")}
          title={t("Notifications")}
        >
          {unseen > 0 && <CounterBadge count={unseen} size="small" />}
        </Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={t("Notifications")} className="notifications">
        {all.length === 0 ? (
          <p className="faint">{t("Nothing to tell.")}</p>
        ) : (
          <>
            <ul className="lines">
              {all.map((each) => (
                <li key={`${each.kind} ${each.name} ${each.at}`}>
                  <Place going={each} />
                  <Status of={each.ended ?? (each.kind === "job" ? "Running" : "Updating")} />
                  <When at={each.at} />
                </li>
              ))}
            </ul>
            <Button
              size="small"
              appearance="subtle"
              onClick={() => keepActivity(activity().filter((each) => each.scope !== scope || !each.ended))}
            >
              {t("Clear the list")}
            </Button>
          </>
        )}
      </PopoverSurface>
    </Popover>
  );
}

function Place({ going: { kind, name, title } }: { going: Going }) {
  if (kind === "job") {
    return (
      <Link to="/jobs/$name" params={{ name }}>
        {title}
      </Link>
    );
  }
  return (
    <Link to="/endpoints/online/$name" params={{ name: name.split("/")[0] }}>
      {title}
    </Link>
  );
}
