import { Button, Checkbox, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { someJobs } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";

interface Props {
  chosen: readonly string[];
  onChange: (names: string[]) => void;
}

/** The latest jobs, to be put beside those that are compared already. */
export function AddRuns(props: Props) {
  const t = useT();
  return (
    <Popover trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <Button icon={<Add20Regular />}>{t("Add runs")}</Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={t("Add runs")} className="picker">
        <Latest {...props} />
      </PopoverSurface>
    </Popover>
  );
}

/** Asked for when they are to be seen only. */
function Latest({ chosen, onChange }: Props) {
  const latest = useQuery(someJobs(useScope(), { $top: 40 }));
  return (
    <Loaded of={latest}>
      {(jobs) =>
        jobs.map((job) => (
          <Checkbox
            key={job.name}
            label={`${job.properties.displayName} (${job.name})`}
            checked={chosen.includes(job.name)}
            onChange={(_, { checked }) =>
              onChange(checked ? [...chosen, job.name] : chosen.filter((name) => name !== job.name))
            }
          />
        ))
      }
    </Loaded>
  );
}
