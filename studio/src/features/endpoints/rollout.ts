import type { Translate } from "../../app/i18n";
import { short } from "../../ui/number";

/** The property in which the wire carries what a rollout is watched for. */
export const ROLLOUT = "smalt.rollout";

interface Rollout {
  max_error_rate?: number | null;
  max_p95_ms?: number | null;
  min_requests?: number;
  watch_seconds?: number;
}

/** What sends the traffic back where it was, in a line; text that is no rollout stands as it is. */
export function rolloutText(property: string, t: Translate): string {
  const found = parsed(property);
  if (!found) return property;
  const { max_error_rate: errors, max_p95_ms: latency, min_requests: requests, watch_seconds: seconds } = found;
  const bounds = [
    errors != null && t("more than {percent} % fail", { percent: short(100 * errors) }),
    latency != null && t("p95 is over {count} ms", { count: short(latency) }),
  ].filter((each) => each !== false);
  const when = [
    requests !== undefined && t("from {count} requests on", { count: requests }),
    seconds !== undefined && t("watched for {count} s", { count: short(seconds) }),
  ].filter((each) => each !== false);
  return `${bounds.join(t(" or "))}${when.length > 0 ? ` (${when.join(", ")})` : ""}`;
}

function parsed(property: string): Rollout | null {
  try {
    const found: unknown = JSON.parse(property);
    return typeof found === "object" && found !== null ? found : null;
  } catch {
    return null;
  }
}
