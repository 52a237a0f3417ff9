import { Button, Checkbox, Input, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Bookmark20Regular, Dismiss16Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../../api/client";
import { list } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";
import { Problem } from "../../ui/Problem";
import "./views.css";

type Search = Record<string, string | undefined>;

interface View {
  name: string;
  search: Record<string, string>;
  isShared: boolean;
  changedBy: string;
}

/** Filters and columns under a name: one's own wherever one signs in, or everybody's in the workspace. */
export function SavedViews({ search, onOpen }: { search: Search; onOpen: (search: Search) => void }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover trapFocus open={isOpen} onOpenChange={(_, { open }) => setOpen(open)}>
      <PopoverTrigger disableButtonEnhancement>
        <Button icon={<Bookmark20Regular />}>{t("Views")}</Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={t("Views")} className="picker views">
        <Views
          search={search}
          onOpen={(chosen) => {
            onOpen(chosen);
            setOpen(false);
          }}
        />
      </PopoverSurface>
    </Popover>
  );
}

function Views({ search, onOpen }: { search: Search; onOpen: (search: Search) => void }) {
  const t = useT();
  const path = `${useScope()}/smalt/views`;
  const client = useQueryClient();
  const views = useQuery(list<View>(path, "views"));
  const [name, setName] = useState("");
  const [isShared, setShared] = useState(false);
  /** The shared one that is about to be taken from everybody. */
  const [asked, setAsked] = useState("");
  const changed = { onSettled: () => client.invalidateQueries({ queryKey: ["views", path] }) };
  const keep = useMutation({
    mutationFn: () =>
      json(`${path}/${encodeURIComponent(name.trim())}`, {
        method: "PUT",
        body: { search: { ...search, wsid: undefined }, isShared },
      }),
    onSuccess: () => {
      setName("");
      setShared(false);
    },
    ...changed,
  });
  const remove = useMutation({
    mutationFn: (view: View) =>
      json(`${path}/${encodeURIComponent(view.name)}?shared=${String(view.isShared)}`, { method: "DELETE" }),
    ...changed,
  });
  const isThere = views.data?.some((view) => view.name === name.trim() && view.isShared === isShared) ?? false;
  const failure = keep.error ?? remove.error;
  return (
    <>
      <Loaded of={views}>
        {(found) => (
          <>
            {found.map((view) => (
              <div key={`${String(view.isShared)} ${view.name}`} className="row">
                <Button appearance="subtle" onClick={() => onOpen(view.search)}>
                  {view.name}
                </Button>
                <span className="views-by">{view.isShared && t("shared by {name}", { name: view.changedBy })}</span>
                {view.isShared && asked === view.name ? (
                  <Button size="small" autoFocus disabled={remove.isPending} onClick={() => remove.mutate(view)}>
                    {t("Delete it for everybody?")}
                  </Button>
                ) : (
                  <Button
                    appearance="subtle"
                    size="small"
                    icon={<Dismiss16Regular />}
                    disabled={remove.isPending}
                    aria-label={t("Forget the view {name}", { name: view.name })}
                    onClick={() => (view.isShared ? setAsked(view.name) : remove.mutate(view))}
                  />
                )}
              </div>
            ))}
          </>
        )}
      </Loaded>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() && !keep.isPending) keep.mutate();
        }}
      >
        <div className="row">
          <Input
            value={name}
            maxLength={100}
            aria-label={t("Name of the view")}
            placeholder={t("Name of the view")}
            onChange={(_, data) => setName(data.value)}
          />
          <Button type="submit" disabled={!name.trim() || keep.isPending}>
            {isThere ? t("Replace this view") : t("Keep this view")}
          </Button>
        </div>
        <Checkbox
          checked={isShared}
          label={t("Show it to everybody in this workspace")}
          onChange={(_, { checked }) => setShared(checked === true)}
        />
      </form>
      {failure && <Problem error={failure} />}
    </>
  );
}
