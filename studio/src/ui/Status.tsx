import {
  CheckmarkCircle16Filled,
  Circle16Regular,
  DismissCircle16Filled,
  PlayCircle16Filled,
  SubtractCircle16Regular,
  type FluentIcon,
} from "@fluentui/react-icons";
import { useT, type Message, type Translate } from "../app/i18n";

const ICONS: Record<string, [FluentIcon, string]> = {
  Completed: [CheckmarkCircle16Filled, "good"],
  Failed: [DismissCircle16Filled, "bad"],
  Canceled: [SubtractCircle16Regular, "quiet"],
  Skipped: [SubtractCircle16Regular, "quiet"],
  Bypassed: [SubtractCircle16Regular, "quiet"],
  Running: [PlayCircle16Filled, "busy"],
  Finalizing: [PlayCircle16Filled, "busy"],
  Succeeded: [CheckmarkCircle16Filled, "good"],
  Creating: [PlayCircle16Filled, "busy"],
  Updating: [PlayCircle16Filled, "busy"],
  Deleting: [PlayCircle16Filled, "busy"],
};

const WORDS: Record<string, Message> = {
  NotStarted: "Not started",
  Starting: "Starting",
  Provisioning: "Provisioning",
  Preparing: "Preparing",
  Queued: "Queued",
  Running: "Running",
  Finalizing: "Finalizing",
  CancelRequested: "Cancel requested",
  Completed: "Completed",
  Failed: "Failed",
  Canceled: "Canceled",
  Skipped: "Skipped",
  Succeeded: "Succeeded",
  Creating: "Creating",
  Updating: "Updating",
  Deleting: "Deleting",
  Bypassed: "Bypassed",
};

/** What a state is called; one that is not known here stands as it is. */
export const wordOf = (state: string, t: Translate): string => (Object.hasOwn(WORDS, state) ? t(WORDS[state]) : state);

/** Whether a state is a good one, in a word for a class. */
export const toneOf = (state: string): string => ICONS[state]?.[1] ?? "quiet";

export function Status({ of }: { of: string }) {
  const t = useT();
  const Icon = ICONS[of]?.[0] ?? Circle16Regular;
  return (
    <span className={`status ${toneOf(of)}`}>
      <Icon aria-hidden />
      {wordOf(of, t)}
    </span>
  );
}
