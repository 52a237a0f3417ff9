import { Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { list } from "../../api/queries";
import type { Resource } from "../../api/types";
import { useScope } from "../../app/workspace";

interface Props {
  label: string;
  value: string;
  onChange: (name: string) => void;
}

/** The model that ships: always there, without a key. */
const BUILT_IN = "echo";

/** One of the workspace's connections, by its name. */
export function ConnectionPicker({ label, value, onChange }: Props) {
  const found = useQuery(list<Resource<{ category: string }>>(`${useScope()}/connections`, "connections"));
  const names = [BUILT_IN, ...(found.data ?? []).map(({ name }) => name)];
  const kinds = new Map(found.data?.map(({ name, properties }) => [name, properties.category]));
  return (
    <Select size="small" aria-label={label} value={value} onChange={(_, data) => onChange(data.value)}>
      <option value="">–</option>
      {[...new Set([...names, ...(value ? [value] : [])])].map((name) => (
        <option key={name} value={name}>
          {kinds.has(name) ? `${name} (${kinds.get(name)})` : name}
        </option>
      ))}
    </Select>
  );
}
