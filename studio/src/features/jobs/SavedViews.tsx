import { Button, Input, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Bookmark20Regular, Dismiss16Regular } from "@fluentui/react-icons";
import { useState } from "react";
import { useT } from "../../app/i18n";

type Search = Record<string, string | undefined>;

const KEY = "smalt.jobs.views";

function kept(): Record<string, Search> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, Search>;
  } catch {
    return {};
  }
}

/** Filters and columns under a name, kept in this browser. */
export function SavedViews({ search, onOpen }: { search: Search; onOpen: (search: Search) => void }) {
  const t = useT();
  const [views, setViews] = useState(kept);
  const [name, setName] = useState("");
  const [isOpen, setOpen] = useState(false);
  const keep = (next: Record<string, Search>) => {
    localStorage.setItem(KEY, JSON.stringify(next));
    setViews(next);
  };
  return (
    <Popover trapFocus open={isOpen} onOpenChange={(_, { open }) => setOpen(open)}>
      <PopoverTrigger disableButtonEnhancement>
        <Button icon={<Bookmark20Regular />}>{t("Views")}</Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={t("Views")} className="picker">
        {Object.entries(views).map(([title, view]) => (
          <div key={title} className="row">
            <Button
              appearance="subtle"
              onClick={() => {
                onOpen(view);
                setOpen(false);
              }}
            >
              {title}
            </Button>
            <Button
              appearance="subtle"
              size="small"
              icon={<Dismiss16Regular />}
              aria-label={t("Forget the view {name}", { name: title })}
              onClick={() => keep(Object.fromEntries(Object.entries(views).filter(([each]) => each !== title)))}
            />
          </div>
        ))}
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) keep({ ...views, [name.trim()]: { ...search, wsid: undefined } });
            setName("");
          }}
        >
          <Input
            value={name}
            aria-label={t("Name of the view")}
            placeholder={t("Name of the view")}
            onChange={(_, data) => setName(data.value)}
          />
          <Button type="submit" disabled={!name.trim()}>
            {t("Keep this view")}
          </Button>
        </form>
      </PopoverSurface>
    </Popover>
  );
}
