import { Button, Select } from "@fluentui/react-components";
import { ArrowDownload16Regular } from "@fluentui/react-icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ENDED } from "../../api/types";
import { useT } from "../../app/i18n";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { LogView } from "../../ui/LogView";
import { bytes } from "../../ui/number";
import { Problem } from "../../ui/Problem";
import type { TabProps } from "./JobPage";
import { useLog } from "./useLog";
import { useLogs } from "./useLogs";

export default function LogsTab({ job }: TabProps) {
  const t = useT();
  const { file } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const isOver = ENDED.has(job.properties.status);
  const { found, sizes } = useLogs(job.name, isOver);
  return (
    <Loaded of={found}>
      {(logs) => {
        const names = Object.keys(logs).sort();
        const name =
          file && names.includes(file) ? file : (names.find((each) => each.endsWith("std_log.txt")) ?? names[0]);
        if (!name) return <Empty>{t("No log yet.")}</Empty>;
        const path = new URL(logs[name]);
        return (
          <>
            <div className="filters">
              <Select
                aria-label={t("Log file")}
                value={name}
                onChange={(_, { value }) => void navigate({ search: (old) => ({ ...old, file: value }) })}
              >
                {names.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </Select>
            </div>
            <Log key={name} address={path.pathname} name={name} told={sizes[name]} isOver={isOver} />
          </>
        );
      }}
    </Loaded>
  );
}

interface LogProps {
  address: string;
  name: string;
  /** How long it is, as far as that was told. */
  told?: number;
  isOver: boolean;
}

function Log({ address, name, told, isOver }: LogProps) {
  const t = useT();
  const { find } = useSearch({ from: "/jobs/$name" });
  const navigate = useNavigate({ from: "/jobs/$name" });
  const { lines, size, read, start, isReading, error, readEarlier } = useLog(address, told, isOver);
  if (error) return <Problem error={error} />;
  return (
    <LogView
      lines={lines}
      label={name}
      isLive={!isOver}
      isNumbered={start === 0}
      find={find}
      onFind={(next) => void navigate({ search: (old) => ({ ...old, find: next || undefined }), replace: true })}
      beside={
        <>
          <span className="faint">
            {isReading
              ? t("{read} of {size} read", { read: bytes(read), size: bytes(size) })
              : t("{count} lines, {size}", { count: lines.length, size: bytes(size) })}
          </span>
          <Button
            as="a"
            size="small"
            icon={<ArrowDownload16Regular />}
            href={address}
            download={name.split("/").at(-1)}
          >
            {t("Download")}
          </Button>
        </>
      }
      above={
        start > 0 && (
          <div className="filters">
            <span className="faint">{t("The log begins {size} earlier.", { size: bytes(start) })}</span>
            <Button size="small" onClick={readEarlier}>
              {t("Read earlier lines")}
            </Button>
          </div>
        )
      }
    />
  );
}
