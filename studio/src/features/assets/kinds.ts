import type { AssetKind } from "../../api/types";
import type { Message } from "../../app/i18n";

interface KindWords {
  title: Message;
  singular: Message;
  /** The command by which the first one is made. */
  command: string;
  /** The property that says where the files of a version are. */
  files?: string;
}

export const KINDS: Record<AssetKind, KindWords> = {
  data: {
    title: "Data",
    singular: "Data",
    command: "smalt data create --name sales --path ./sales.csv --type uri_file",
    files: "dataUri",
  },
  models: {
    title: "Models",
    singular: "Model",
    command: "smalt model create --name my-model --path ./model --type custom_model",
    files: "modelUri",
  },
  environments: {
    title: "Environments",
    singular: "Environment",
    command: "smalt environment create --file environment.yml",
  },
  components: { title: "Components", singular: "Component", command: "smalt component create --file component.yml" },
};

export const kindOf = (text: string): AssetKind | undefined => (text in KINDS ? (text as AssetKind) : undefined);
