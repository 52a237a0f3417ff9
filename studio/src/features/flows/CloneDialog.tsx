import { useQuery } from "@tanstack/react-query";
import { flows as flowsQuery } from "../../api/flows";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { AskName } from "../../ui/AskName";
import { freeName, isName } from "./references";
import { useClone } from "./useClone";

interface Props {
  flow: string;
  version: number;
  onClose: () => void;
}

/** Asks what the clone of a version is to be called, and makes it. */
export function CloneDialog({ flow, version, onClose }: Props) {
  const t = useT();
  const taken = useQuery(flowsQuery(useScope())).data?.map(({ name }) => name);
  const clone = useClone(flow);
  const check = (name: string) =>
    !isName(name)
      ? t("Letters, digits and underscores make a name.")
      : taken?.includes(name)
        ? t("There is one already.")
        : "";
  if (!taken) return null;
  return (
    <AskName
      title={t("Clone version {version}", { version })}
      value={freeName(`${flow}-copy`, taken)}
      isNew
      check={check}
      onName={(name) => clone.mutate({ name, version })}
      onClose={onClose}
    />
  );
}
