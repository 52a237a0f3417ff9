import { Button, Field, Select, Slider } from "@fluentui/react-components";
import { useState } from "react";
import { onlinePath, type Shares } from "../../api/endpoints";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import type { TabProps } from "./EndpointPage";
import { useChange } from "./useEndpoints";

const MOST_MIRRORED = 50;

/** How many per cent of the requests each deployment gets, 100 in all, and whom a part of them is copied to. */
export function TrafficEditor({ endpoint, deployments }: TabProps) {
  const t = useT();
  const path = onlinePath(useScope(), endpoint.name);
  const { properties } = endpoint;
  const names = deployments.map(({ name }) => name);
  const [traffic, setTraffic] = useState<Shares>(() =>
    Object.fromEntries(names.map((name) => [name, properties.traffic?.[name] ?? 0])),
  );
  const mirrored = Object.entries(properties.mirrorTraffic ?? {}).find(([, share]) => share > 0);
  const [target, setTarget] = useState(mirrored?.[0] ?? "");
  const [copied, setCopied] = useState(mirrored?.[1] ?? 10);
  const change = useChange();
  const sum = Object.values(traffic).reduce((whole, share) => whole + share, 0);
  const isWhole = sum === 100 || sum === 0;
  const free = names.filter((name) => !traffic[name]);
  const save = () => {
    const mirrorTraffic = target && free.includes(target) && copied > 0 ? { [target]: copied } : {};
    const body = { properties: { traffic, mirrorTraffic } };
    change.mutate({ path, method: "PATCH", body });
  };
  return (
    <form
      className="form traffic"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {names.map((name) => (
        <Field key={name} label={`${name}: ${traffic[name]}%`}>
          <Slider
            min={0}
            max={100}
            value={traffic[name]}
            aria-valuetext={`${traffic[name]}%`}
            onChange={(_, { value }) => setTraffic(shared(traffic, name, value))}
          />
        </Field>
      ))}
      {free.length > 0 && sum > 0 && (
        <div className="row wrap">
          <Field label={t("Copy requests to")}>
            <Select value={free.includes(target) ? target : ""} onChange={(_, { value }) => setTarget(value)}>
              <option value="">{t("Nobody")}</option>
              {free.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          {target && free.includes(target) && (
            <Field label={t("Copied: {share}%", { share: copied })} className="grow">
              <Slider
                min={1}
                max={MOST_MIRRORED}
                value={copied}
                aria-valuetext={`${copied}%`}
                onChange={(_, { value }) => setCopied(value)}
              />
            </Field>
          )}
        </div>
      )}
      <div className="row">
        <Button type="submit" appearance="primary" disabled={!isWhole || change.isPending}>
          {t("Save the traffic")}
        </Button>
        <span className={isWhole ? "faint" : "bad"} role="status">
          {sum === 0 ? t("Nobody gets requests.") : t("{sum} of 100%", { sum })}
        </span>
      </div>
    </form>
  );
}

/** The shares once one of them is another: what it takes or leaves, the others give or get, as far as they have any. */
export function shared(traffic: Shares, name: string, share: number): Shares {
  const others = Object.keys(traffic).filter((other) => other !== name);
  if (others.length === 0) return { [name]: share };
  const left = 100 - share;
  const before = others.reduce((sum, other) => sum + traffic[other], 0);
  const next: Shares = { ...traffic, [name]: share };
  if (before === 0) return { ...next, [others[0]]: left };
  let given = 0;
  others.forEach((other, index) => {
    const isLast = index === others.length - 1;
    next[other] = isLast ? left - given : Math.floor((traffic[other] * left) / before);
    given += next[other];
  });
  return next;
}
