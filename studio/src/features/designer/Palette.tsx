import { Button, Input } from "@fluentui/react-components";
import { Add16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { assets } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { DRAGGED } from "./Canvas";
import { CONTROLS, type Control } from "./controls";

interface Props {
  /** Called with a name and a version, as `name:version`. */
  onAdd: (component: string) => void;
  onControl: (control: Control) => void;
}

const MOST = 100;

/** The components of the workspace: dragged onto the canvas, or added with their button. */
export function Palette({ onAdd, onControl }: Props) {
  const t = useT();
  const [text, setText] = useState("");
  const found = useQuery(assets(useScope(), "components"));
  const wanted = text.toLowerCase();
  return (
    <aside className="design-palette" aria-label={t("Components")}>
      <Input
        type="search"
        size="small"
        value={text}
        aria-label={t("Search components")}
        placeholder={t("Search components")}
        onChange={(_, { value }) => setText(value)}
      />
      <Loaded of={found}>
        {(all) => {
          const rows = all.filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, MOST);
          if (rows.length === 0) {
            return (
              <Empty>
                {text ? t("Nothing found.") : t("Nothing here yet.")}{" "}
                <code>smalt component create --file train.yml</code>
              </Empty>
            );
          }
          return (
            <ul>
              {rows.map(({ name, properties }) => {
                const reference = `${name}:${properties.latestVersion ?? ""}`;
                return (
                  <li
                    key={name}
                    draggable
                    title={properties.description ?? name}
                    onDragStart={(event) => {
                      event.dataTransfer.setData(DRAGGED, reference);
                      event.dataTransfer.effectAllowed = "copy";
                    }}
                  >
                    <span className="file-name">{name}</span>
                    <Button
                      size="small"
                      appearance="subtle"
                      icon={<Add16Regular />}
                      aria-label={t("Add {name}", { name })}
                      onClick={() => onAdd(reference)}
                    />
                  </li>
                );
              })}
            </ul>
          );
        }}
      </Loaded>
      <h3>{t("Branches and loops")}</h3>
      <ul className="controls">
        {(Object.keys(CONTROLS) as Control[]).map((control) => (
          <li key={control}>
            <span className="file-name">{t(CONTROLS[control].title)}</span>
            <Button
              size="small"
              appearance="subtle"
              icon={<Add16Regular />}
              aria-label={t("Add {name}", { name: t(CONTROLS[control].title) })}
              onClick={() => onControl(control)}
            />
          </li>
        ))}
      </ul>
    </aside>
  );
}
