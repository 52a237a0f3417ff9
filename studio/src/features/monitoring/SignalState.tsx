import {
  CheckmarkCircle16Filled,
  Circle16Regular,
  DismissCircle16Filled,
  PlayCircle16Filled,
  Warning16Filled,
  type FluentIcon,
} from "@fluentui/react-icons";
import { useT, type Message } from "../../app/i18n";
import type { State } from "./monitoring";

const SHOWN: Record<State, [FluentIcon, string, Message]> = {
  healthy: [CheckmarkCircle16Filled, "good", "Healthy"],
  breached: [Warning16Filled, "bad", "Beyond a threshold"],
  failed: [DismissCircle16Filled, "bad", "Not measured"],
  running: [PlayCircle16Filled, "busy", "Running"],
};

/** What a signal, or a whole run, has come to. */
export function SignalState({ of, name }: { of: State | undefined; name?: string }) {
  const t = useT();
  const [Icon, tone, word] = of ? SHOWN[of] : ([Circle16Regular, "quiet", "Not run yet"] as const);
  return (
    <span className={`status ${tone}`} title={name && t(word)}>
      <Icon aria-hidden />
      {name ?? t(word)}
      {name && <span className="visually-hidden">{`: ${t(word)}`}</span>}
    </span>
  );
}
