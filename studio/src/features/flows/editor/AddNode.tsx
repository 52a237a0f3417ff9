import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useState } from "react";
import { useT } from "../../../app/i18n";
import { AskName } from "../../../ui/AskName";
import { addNode } from "../change";
import { useDag, useDagChange } from "../useDag";
import { useDraft } from "../useDraft";
import { useNameCheck } from "../useNameCheck";

type Kind = "llm" | "prompt" | "python" | "package";

const PYTHON = `from promptflow.core import tool


@tool
def NAME(text: str) -> str:
    return text
`;
const PROMPT = `# system:
You are a helpful assistant.

# user:
{{text}}
`;

/** A node of each kind as it begins, with the file it needs. */
function begun(kind: Kind, name: string, path: string): Record<string, unknown> {
  const source = { type: "code", path };
  if (kind === "python") return { name, type: "python", source, inputs: { text: "" } };
  if (kind === "prompt") return { name, type: "prompt", source, inputs: { text: "" } };
  if (kind === "package") return { name, type: "python", source: { type: "package", tool: "" }, inputs: {} };
  return {
    name,
    type: "llm",
    source,
    inputs: { model: "echo", temperature: 0, text: "" },
    connection: "echo",
    api: "chat",
  };
}

export function AddNode({ onAdded }: { onAdded: (node: string) => void }) {
  const t = useT();
  const dag = useDag();
  const { paths, put } = useDraft();
  const change = useDagChange();
  const [kind, setKind] = useState<Kind | null>(null);
  const names = dag?.nodes.map(({ name }) => name) ?? [];
  const check = useNameCheck(names);
  const add = (name: string) => {
    if (!kind || !dag) return;
    const path = kind === "python" ? `${name}.py` : `${name}.jinja2`;
    if (kind !== "package" && !paths.includes(path)) {
      put([{ path, content: kind === "python" ? PYTHON.replace("NAME", name.replaceAll("-", "_")) : PROMPT }]);
    }
    change((text) => addNode(text, begun(kind, name, path)));
    onAdded(name);
  };
  return (
    <div>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button icon={<Add20Regular />}>{t("Add a node")}</Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => setKind("llm")}>{t("LLM")}</MenuItem>
            <MenuItem onClick={() => setKind("prompt")}>{t("Prompt")}</MenuItem>
            <MenuItem onClick={() => setKind("python")}>{t("Python")}</MenuItem>
            <MenuItem onClick={() => setKind("package")}>{t("Tool of a package")}</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {kind && <AskName title={t("Add a node")} value="" check={check} onName={add} onClose={() => setKind(null)} />}
    </div>
  );
}
