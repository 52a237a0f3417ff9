import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import {
  ArrowClockwise16Regular,
  MoreHorizontal16Regular,
  Play16Regular,
  Power20Regular,
  Search16Regular,
  Send16Regular,
  Stop16Regular,
  Table16Regular,
} from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useT, type Message } from "../../app/i18n";
import { ComputePicker, EnvironmentPicker } from "./Places";
import { RunAsJob } from "./RunAsJob";
import type { Kernel } from "./useSession";

/** Where a notebook runs, as it is kept in it; empty for what is usual. */
export interface Where {
  environment: string;
  compute: string;
}

const STATES: Record<Kernel["state"], [Message, string]> = {
  none: ["No kernel", "quiet"],
  waiting: ["Preparing", "busy"],
  starting: ["Kernel starts", "busy"],
  restarting: ["Kernel restarts", "busy"],
  idle: ["Kernel idle", "good"],
  busy: ["Kernel busy", "busy"],
  ended: ["Kernel ended", "quiet"],
};

interface Props {
  path: string;
  kernel: Kernel;
  where: Where;
  isReadOnly: boolean;
  onWhere: (where: Where) => void;
  onRunAll: () => void;
  onRunAbove: () => void;
  onFind: () => void;
  onVariables: () => void;
  onBeforeJob: () => Promise<void>;
  children: ReactNode;
}

/** What is done with a notebook as a whole, and how its kernel is. */
export function KernelBar(props: Props) {
  const { path, kernel, where, isReadOnly, onWhere, onRunAll, onRunAbove, onFind, onVariables, onBeforeJob } = props;
  const t = useT();
  const [isAsking, setAsking] = useState(false);
  const [word, color] = STATES[kernel.state];
  const isAtWork = kernel.session !== null;
  return (
    <div className="nb-bar" role="toolbar" aria-label={t("Notebook")}>
      <Button size="small" appearance="primary" icon={<Play16Regular />} disabled={isReadOnly} onClick={onRunAll}>
        {t("Run all")}
      </Button>
      <Button size="small" icon={<Stop16Regular />} disabled={kernel.state !== "busy"} onClick={kernel.interrupt}>
        {t("Interrupt")}
      </Button>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" icon={<MoreHorizontal16Regular />} aria-label={t("More about the kernel")} />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem disabled={isReadOnly} icon={<Play16Regular />} onClick={onRunAbove}>
              {t("Run all above")}
            </MenuItem>
            <MenuItem disabled={isReadOnly || isAtWork} icon={<Power20Regular />} onClick={kernel.start}>
              {t("Start the kernel")}
            </MenuItem>
            <MenuItem disabled={!isAtWork} icon={<ArrowClockwise16Regular />} onClick={kernel.restart}>
              {t("Restart the kernel")}
            </MenuItem>
            <MenuItem disabled={!isAtWork} icon={<Power20Regular />} onClick={kernel.stop}>
              {t("Shut the kernel down")}
            </MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      <Button size="small" icon={<Table16Regular />} onClick={onVariables}>
        {t("Variables")}
      </Button>
      <Button size="small" icon={<Search16Regular />} aria-label={t("Find")} title={t("Find (F)")} onClick={onFind} />
      <Button size="small" icon={<Send16Regular />} disabled={isReadOnly} onClick={() => setAsking(true)}>
        {t("Run as a job")}
      </Button>
      <span className="nb-where">
        <EnvironmentPicker
          value={where.environment}
          isDisabled={isReadOnly || isAtWork}
          onChange={(environment) => onWhere({ ...where, environment })}
        />
        <ComputePicker
          value={where.compute}
          isDisabled={isReadOnly || isAtWork}
          onChange={(compute) => onWhere({ ...where, compute })}
        />
        <span className={`status ${color}`} role="status">
          <span className={`nb-dot ${color}`} aria-hidden />
          {kernel.session ? (
            <Link to="/jobs/$name" params={{ name: kernel.session.name }}>
              {t(word)}
            </Link>
          ) : (
            t(word)
          )}
          {kernel.python && <span className="faint">Python {kernel.python}</span>}
        </span>
        {props.children}
      </span>
      {isAsking && <RunAsJob path={path} where={where} onBefore={onBeforeJob} onClose={() => setAsking(false)} />}
    </div>
  );
}
