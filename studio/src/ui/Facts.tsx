import { Fragment, type ReactNode } from "react";

export type Fact = [name: string, value: ReactNode];

/** Names with their values; those without a value are left out. */
export function Facts({ of }: { of: Fact[] }) {
  return (
    <dl className="facts">
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
