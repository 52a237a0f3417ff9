import { Dialog, DialogBody, DialogSurface, DialogTitle, Input } from "@fluentui/react-components";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useId, useState, type KeyboardEvent } from "react";
import { search } from "../api/queries";
import type { Found } from "../api/types";
import { wordOf } from "../ui/Status";
import { useT, type Message, type Translate } from "./i18n";
import { navigation } from "./navigation";
import { useScope } from "./workspace";
import { useFocusBack } from "../ui/useFocusBack";

interface Hit {
  key: string;
  group: Message;
  title: string;
  about: string;
  go: () => void;
}

const GROUPS: Record<string, Message> = {
  jobs: "Jobs",
  models: "Models",
  data: "Data",
  components: "Components",
  environments: "Environments",
  onlineEndpoints: "Endpoints",
  batchEndpoints: "Endpoints",
  people: "Who",
  flows: "Prompt flow",
  schedules: "Schedules",
  computes: "Compute",
  connections: "Connections",
  traces: "Traces",
  notebookFiles: "Notebooks",
  datastores: "Datastores",
  catalog: "Model catalog",
};

/** The line about something in the reader's words: states and versions are told in English. */
const aboutOf = ({ about }: Found, t: Translate): string =>
  about
    .split(" · ")
    .map((part) => wordOf(part.replace(/^version /, `${t("Version")} `), t))
    .join(" · ");

const inSight = (hit: HTMLElement | null): void => hit?.scrollIntoView({ block: "nearest" });

/** Search with the keyboard: pages, jobs, assets, endpoints and people; `key=value` is a tag, `loss<0.1` a metric. */
export function Palette({ onClose }: { onClose: () => void }) {
  const t = useT();
  useFocusBack();
  const scope = useScope();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const asked = useDeferredValue(text.trim());
  const found = useQuery({ ...search(scope, asked), placeholderData: keepPreviousData });
  const listId = useId();

  const open = ({ kind, name }: Found) => {
    if (kind === "jobs") return void navigate({ to: "/jobs/$name", params: { name } });
    if (kind === "onlineEndpoints") return void navigate({ to: "/endpoints/online/$name", params: { name } });
    if (kind === "batchEndpoints") return void navigate({ to: "/endpoints/batch/$name", params: { name } });
    if (kind === "people") return void navigate({ to: "/jobs", search: { q: name } });
    if (kind === "flows") return void navigate({ to: "/flows/$name", params: { name } });
    if (kind === "schedules") return void navigate({ to: "/schedules/$name", params: { name } });
    if (kind === "computes") return void navigate({ to: "/compute" });
    if (kind === "connections") return void navigate({ to: "/connections" });
    if (kind === "notebookFiles") return void navigate({ to: "/notebooks", search: { path: name } });
    if (kind === "datastores") return void navigate({ to: "/datastores/$name", params: { name } });
    if (kind === "catalog") return void navigate({ to: "/catalog/$name", params: { name } });
    if (kind === "traces") return void navigate({ to: "/traces/$id", params: { id: name } });
    return void navigate({ to: "/assets/$kind/$name", params: { kind, name } });
  };
  const pages: Hit[] = navigation
    .flatMap((group) => group.entries)
    .filter((entry) => t(entry.title).toLowerCase().includes(text.trim().toLowerCase()))
    .map((entry) => ({
      key: entry.to,
      group: "Pages",
      title: t(entry.title),
      about: "",
      go: () => void navigate({ to: entry.to }),
    }));
  const things: Hit[] = (asked ? (found.data ?? []) : []).map((each) => ({
    key: `${each.kind}/${each.name}`,
    group: GROUPS[each.kind] ?? "Jobs",
    title: each.title,
    about: each.title === each.name ? aboutOf(each, t) : `${each.name} · ${aboutOf(each, t)}`,
    go: () => open(each),
  }));
  const hits = [...things, ...pages];
  const active = Math.min(chosen, hits.length - 1);

  const pick = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    hit.go();
  };
  const pressed = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setChosen((active + step + hits.length) % Math.max(hits.length, 1));
    }
    // Enter that ends the writing of a Japanese word chooses nothing.
    if (event.key === "Enter" && !event.nativeEvent.isComposing) pick(hits[active]);
  };

  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface className="palette" aria-label={t("Search")}>
        <DialogBody>
          <DialogTitle className="visually-hidden">{t("Search")}</DialogTitle>
          <div className="palette-body">
            <Input
              autoFocus
              size="large"
              value={text}
              role="combobox"
              aria-label={t("Search")}
              aria-expanded={hits.length > 0}
              aria-controls={listId}
              aria-activedescendant={hits[active] ? `${listId}-${active}` : undefined}
              placeholder={t("Search jobs, models, data …")}
              onChange={(_, data) => {
                setText(data.value);
                setChosen(0);
              }}
              onKeyDown={pressed}
            />
            <div id={listId} role="listbox" aria-label={t("Results")} className="palette-list">
              {hits.map((hit, index) => (
                <div
                  key={hit.key}
                  id={`${listId}-${index}`}
                  role="option"
                  aria-selected={index === active}
                  className="palette-hit"
                  // Not when the list is moved below a pointer that rests.
                  onMouseMove={() => index !== active && setChosen(index)}
                  ref={index === active ? inSight : undefined}
                  onClick={() => pick(hit)}
                >
                  <span className="palette-title">{hit.title}</span>
                  <span className="faint">{hit.about}</span>
                  <span className="palette-group">{t(hit.group)}</span>
                </div>
              ))}
            </div>
            {hits.length === 0 && !found.isFetching && <p className="faint">{t("Nothing found.")}</p>}
          </div>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
