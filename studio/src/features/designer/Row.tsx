import type { ReactNode } from "react";

/** A field of the settings, with its name. */
export function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="design-row">
      <span className="design-label">{label}</span>
      {children}
    </div>
  );
}
