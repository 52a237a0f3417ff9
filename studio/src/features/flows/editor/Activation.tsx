import { useT } from "../../../app/i18n";
import { shown, typed } from "../change";
import { Committed } from "../Committed";
import type { NodeBody } from "../dag";

interface Props {
  node: NodeBody & { name: string };
  references: string;
  onSet: (where: (string | number)[], value: unknown) => void;
}

/** When a node runs at all. */
export function Activation({ node, references, onSet }: Props) {
  const t = useT();
  const { activate } = node;
  const set = (when: string, is: unknown) => onSet(["activate"], when ? { when, is: is ?? "" } : undefined);
  return (
    <details open={activate !== null}>
      <summary>{t("Only when …")}</summary>
      <div className="node-settings">
        <label>
          {t("What is looked at")}
          <Committed
            value={activate?.when ?? ""}
            list={references}
            placeholder="${node.output}"
            onCommit={(text) => set(text, activate?.is)}
          />
        </label>
        <label>
          {t("must be")}
          <Committed
            value={shown(activate?.is)}
            disabled={activate === null}
            onCommit={(text) => activate && onSet(["activate", "is"], typed(text) ?? "")}
          />
        </label>
      </div>
    </details>
  );
}
