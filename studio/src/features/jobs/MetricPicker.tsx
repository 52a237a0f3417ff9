import { Button, Checkbox, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { ColumnTriple20Regular } from "@fluentui/react-icons";
import type { Run } from "../../api/types";
import { useT } from "../../app/i18n";

interface Props {
  runs: Run[];
  chosen: string[];
  onChange: (metrics: string[]) => void;
}

/** Which metrics are columns: any that the loaded runs have logged. */
export function MetricPicker({ runs, chosen, onChange }: Props) {
  const t = useT();
  const names = [...new Set([...chosen, ...runs.flatMap((run) => run.data.metrics?.map(({ key }) => key) ?? [])])];
  const own = names.filter((name) => !name.startsWith("system/")).sort();
  return (
    <Popover trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <Button icon={<ColumnTriple20Regular />}>{t("Metrics")}</Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={t("Metrics")} className="picker">
        {own.length === 0 && <span className="faint">{t("No metrics yet.")}</span>}
        {own.map((name) => (
          <Checkbox
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onChange={(_, { checked }) =>
              onChange(checked ? [...chosen, name] : chosen.filter((each) => each !== name))
            }
          />
        ))}
      </PopoverSurface>
    </Popover>
  );
}
