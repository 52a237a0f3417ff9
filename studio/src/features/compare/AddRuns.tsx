import { Button, Checkbox, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Add20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { someJobs } from "../../api/queries";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Loaded } from "../../ui/Loaded";

/** The latest jobs, to be put beside those that are compared already. */
export function AddRuns({ chosen, onChange }: { chosen: readonly string[]; onChange: (names: string[]) => void }) {
  const t = useT();
  const latest = useQuery(someJobs(useScope(), { $top: 40 }));
  return (
    <Popover trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <Button icon={<Add20Regular />}>{t("Add runs")}</Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={t("Add runs")} className="picker">
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
      </PopoverSurface>
    </Popover>
  );
}
